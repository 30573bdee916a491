"""Open Inference Protocol v2 over gRPC: `service` listens, `codec` reads and writes its messages; all else is shared with HTTP.

`inference_pb2.py` is made from `inference.proto`, whose first lines say how.
"""
