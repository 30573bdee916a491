"""A model as `mlflow models serve` takes it: `mlflow_onnx.py MODEL.onnx FOLDER`."""

import sys

import mlflow.onnx
import numpy as np
import onnx
from mlflow.models import infer_signature


def main(path: str, folder: str) -> None:
    """Save it with its signature and one thread of ONNX Runtime."""
    model = onnx.load(path)
    width = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    sample = np.zeros((1, width), np.float32)
    one_thread = {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
    signature = infer_signature(sample, np.zeros((1, 1), np.float32))
    mlflow.onnx.save_model(model, folder, signature=signature, onnx_session_options=one_thread)


if __name__ == "__main__":
    main(*sys.argv[1:])
