"""KServe's Python server with a model of one's own, since it has no ONNX runtime: `kserve_onnx.py MODEL.onnx NAME HTTP-PORT GRPC-PORT`."""

import logging
import sys
from typing import Any

import onnxruntime
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer


class Onnx(Model):
    """One input, one output."""

    def __init__(self, path: str, name: str) -> None:
        super().__init__(name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._input, self._output = self._session.get_inputs()[0].name, self._session.get_outputs()[0].name
        self.ready = True

    async def predict(self, payload: InferRequest, headers: Any = None, response_headers: Any = None) -> InferResponse:
        rows = payload.inputs[0].as_numpy()
        answers = self._session.run([self._output], {self._input: rows})[0]
        output = InferOutput(self._output, list(answers.shape), "FP32")
        output.set_data_from_numpy(answers, binary_data=payload.from_grpc or _binary(payload))
        return InferResponse(payload.id, self.name, [output])


def _binary(payload: InferRequest) -> bool:
    return bool((payload.parameters or {}).get("binary_data_output"))


def main(path: str, name: str, http: str, grpc: str) -> None:
    """Serve, as quietly as can be: a log line per request would be measured."""
    logging.basicConfig(level=logging.WARNING)
    server = ModelServer(int(http), int(grpc), enable_latency_logging=False, configure_logging=False)
    logging.getLogger("uvicorn.access").disabled = True
    server.start([Onnx(path, name)])


if __name__ == "__main__":
    main(*sys.argv[1:])
