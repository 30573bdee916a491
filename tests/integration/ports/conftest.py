"""The servers that these tests talk to."""

from integration.train.conftest import mlflow_uri

__all__ = ["mlflow_uri"]
