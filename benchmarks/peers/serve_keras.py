"""The obvious server for a Keras model: one FastAPI route that calls `predict`.

Run by benchmarks/serve.py in a process of its own:

    python serve_keras.py MODEL.keras PORT

It takes a prepared picture of 28x28 and finds nothing in larger ones.
"""

import io
import sys

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from PIL import Image

model = keras.models.load_model(sys.argv[1])
app = FastAPI()


@app.post("/v1/read")
async def read(request: Request) -> dict:
    image = np.asarray(Image.open(io.BytesIO(await request.body())).convert("L"))
    probabilities = model.predict(image[None], verbose=0)[0]
    return {"text": str(probabilities.argmax()), "probabilities": probabilities.tolist()}


uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="warning")
