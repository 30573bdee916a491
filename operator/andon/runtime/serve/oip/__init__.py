"""The Open Inference Protocol v2, without any network: what is asked, whether it fits the model, and how the answer is written.

`message` is a request as any transport carries it; `http` reads one from a body of JSON and binary tensors and writes the
answer; `fit` holds it against a model; `tensors` turns values into arrays and back. gRPC (`runtime/serve/grpc`) brings its own
reading and writing and shares the rest. Start with `message`.
"""
