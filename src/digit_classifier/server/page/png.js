// A grey PNG file. What canvas.toBlob writes has four bytes a pixel, three of them for nothing, and
// the server is longer busy with unpacking those than with reading.
// Source: Portable Network Graphics, third edition, https://www.w3.org/TR/png-3/

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const [DEPTH, GREY] = [8, 0];
const CRC = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/**
 * @param image ImageData in shades of grey, opaque.
 * @returns a Blob, of type image/png.
 */
export async function greyPng({ width, height, data }) {
  const rows = new Uint8Array(height * (width + 1)); // each begins with a 0: no filter
  for (let y = 0, from = 0; y < height; y++) {
    for (let to = y * (width + 1) + 1, end = to + width; to < end; to++, from += 4) {
      rows[to] = data[from];
    }
  }
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, DEPTH);
  head.setUint8(9, GREY);
  const parts = [chunk('IHDR', new Uint8Array(head.buffer)), chunk('IDAT', await deflate(rows)),
    chunk('IEND', new Uint8Array())];
  return new Blob([SIGNATURE, ...parts], { type: 'image/png' });
}

async function deflate(bytes) {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function chunk(name, content) {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(content, 8);
  let crc = 0xffffffff;
  for (const byte of bytes.subarray(4, -4)) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  view.setUint32(8 + content.length, ~crc >>> 0);
  return bytes;
}
