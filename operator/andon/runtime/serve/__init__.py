"""The server beside the plant: answers Open Inference Protocol requests, scores rows, and says what they are evidence of.

No Kopf, no MLflow, no Kubernetes library. Start at `main`, which joins the parts; `lineup` is the heart: which revision answers,
which is judged, which is kept warm. Requests come in through `connection` and `routes`, or `grpc`; `oip` reads them, `answering`
says who answers, `batch` runs them. Orders come through `control`, rows and labels through `scoring`, which has a `panel` score
them and a `book` keep what they are evidence of.
"""
