"""The server beside the plant: answers Open Inference Protocol requests, scores rows, and says what they are evidence of.

No Kopf, no MLflow, no Kubernetes library. Start at `main`, which joins the parts; `slots.lineup` is the heart: which revision
answers, which is judged, which is kept warm. Requests come in through `http` or `grpc`; `oip` reads them, `answering` says who
answers, `batch` runs them. Orders come through `slots.control`; `rows` are scored as they come, `outputs` send the answers on.
"""
