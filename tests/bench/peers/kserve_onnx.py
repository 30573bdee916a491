"""KServe's Python server with a model of one's own, since it has no ONNX runtime; its arguments, and `--onnx FILE`."""

import argparse
from typing import Any

import onnxruntime
from kserve import InferRequest, InferResponse, Model, ModelServer, model_server
from kserve.utils.utils import get_predict_response


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
        answers = self._session.run([self._output], {self._input: payload.inputs[0].as_numpy()})[0]
        return get_predict_response(payload, answers, self.name)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    parser.add_argument("--onnx", required=True)
    given = parser.parse_args()
    ModelServer().start([Onnx(given.onnx, given.model_name)])


if __name__ == "__main__":
    main()
