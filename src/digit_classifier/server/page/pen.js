// Finger, pen, mouse and keyboard: all of them draw the same strokes.

/** Lets pointers draw: one at a time, so that a resting palm or a second finger adds nothing. */
export function listenToPointers(drawing) {
  const { canvas } = drawing;
  let drawn = null;

  canvas.addEventListener('pointerdown', (event) => {
    if (drawn !== null || event.button !== 0) return;
    drawn = event.pointerId;
    canvas.setPointerCapture(drawn);
    drawing.begin(...place(drawing, event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId !== drawn) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) drawing.extend(...place(drawing, step));
  });
  const lift = (event) => {
    if (event.pointerId !== drawn) return;
    drawn = null;
    drawing.end();
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
}

/** Where in the drawing a pointer is, and how hard a pen presses (1 for the rest). */
function place({ canvas, width, height }, event) {
  const frame = canvas.getBoundingClientRect();
  const x = ((event.clientX - frame.left) * width) / frame.width;
  const y = ((event.clientY - frame.top) * height) / frame.height;
  const presses = event.pointerType === 'pen' && event.pressure > 0;
  return [x, y, presses ? 0.5 + event.pressure : 1];
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const [STEP, LEAP] = [8, 32]; // pixels of the drawing for a press of an arrow, and with Shift

/** Lets the keyboard draw: arrows move a pen, Space puts it down and lifts it. */
export function listenToKeys(drawing, cursor) {
  const { canvas, width, height } = drawing;
  const held = new Set(); // two arrows at once move diagonally
  let [x, y] = [width / 2, height / 4];
  let isDown = false;

  const show = () => {
    cursor.style.left = `${(x / width) * 100}%`;
    cursor.style.top = `${(y / height) * 100}%`;
    cursor.classList.toggle('down', isDown);
    cursor.hidden = !canvas.matches(':focus-visible');
  };
  const put = () => {
    isDown = true;
    drawing.begin(x, y);
  };
  const lift = () => {
    if (isDown) drawing.end();
    isDown = false;
  };
  const move = (step) => {
    for (const key of held) {
      x = Math.min(width, Math.max(0, x + ARROWS[key][0] * step));
      y = Math.min(height, Math.max(0, y + ARROWS[key][1] * step));
    }
    if (isDown) drawing.extend(x, y);
  };

  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) {
      held.add(event.key);
      move(event.shiftKey ? LEAP : STEP);
    } else if (event.key === ' ' && !event.repeat) {
      if (isDown) lift();
      else put();
    } else if (event.key !== ' ') return;
    event.preventDefault(); // neither arrows nor Space scroll the page from here
    show();
  });
  canvas.addEventListener('keyup', (event) => held.delete(event.key));
  canvas.addEventListener('focus', show);
  canvas.addEventListener('blur', () => {
    held.clear();
    lift();
    show();
  });
}
