"""What a server is told at its start, by a person or a pod, and what it says to what cannot be."""

from pathlib import Path

import pytest

from andon.api.slots import Slots
from andon.runtime.serve.settings import Address, BadSettingsError, parse

POD = {"ANDON_NAMESPACE": "plant-a", "ANDON_NAME": "product-e", "ANDON_DATA": "/data", "ANDON_LISTEN": "10.0.0.1:8080"}


@pytest.fixture
def model(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"a model")
    return tmp_path / "m.onnx"


def test_a_file_is_served_without_any_environment(model):
    settings = parse(["--model", f"product-e={model}", "--http", "10.0.0.1:8080"], {})
    orders = Slots.model_validate_json(settings.orders)
    assert (settings.name, settings.http, settings.grpc, settings.data) == ("product-e", Address("10.0.0.1", 8080), None, None)
    assert (orders.stable.version, orders.stable.model, orders.candidate) == ("1", model.as_uri(), None)


def test_a_candidate_beside_it_has_a_share(model):
    both = ["--model", f"m={model}", "--candidate", f"m={model}", "--weight", "20", "--threads", "2", "--http", "[::1]:80"]
    settings = parse(both, {})
    orders = Slots.model_validate_json(settings.orders)
    assert (orders.candidate.version, orders.weight, orders.threads, settings.http) == ("2", 20, 2, Address("::1", 80))


def test_a_file_of_orders_says_whose_they_are(tmp_path):
    (tmp_path / "slots.json").write_text(Slots(namespace="plant-a", deployment="product-e", stable=None).text())
    settings = parse(["--slots", str(tmp_path / "slots.json"), "--http", "h:1", "--data", "d"], {})
    assert (settings.namespace, settings.name, settings.data, settings.orders) == ("plant-a", "product-e", Path("d"), None)


def test_a_pod_is_told_by_its_environment():
    settings = parse([], POD | {"ANDON_GRPC": "10.0.0.1:9000", "ANDON_TLS": "/tls", "ANDON_TOKEN_FILE": "/token"})
    assert (settings.namespace, settings.name, settings.data, settings.orders) == ("plant-a", "product-e", Path("/data"), None)
    assert (settings.http, settings.grpc) == (Address("10.0.0.1", 8080), Address("10.0.0.1", 9000))
    assert (settings.tls.certificate, settings.tls.key, settings.token) == (
        Path("/tls/tls.crt"),
        Path("/tls/tls.key"),
        Path("/token"),
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        pytest.param([], {}, "ANDON_NAMESPACE is not set", id="nothing"),
        pytest.param([], POD | {"ANDON_DATA": ""}, "ANDON_DATA is not set", id="nowhere to keep things"),
        pytest.param([], POD | {"ANDON_LISTEN": "8080"}, "ANDON_LISTEN='8080' is not HOST:PORT", id="a port alone"),
        pytest.param(["--http", "h:99999"], POD, "--http='h:99999' is not HOST:PORT", id="a port that is none"),
        pytest.param(["--grpc", "x"], POD, "--grpc='x'", id="gRPC nowhere"),
        pytest.param(["--model", "m=nowhere.onnx", "--http", "h:1"], {}, "nowhere.onnx cannot be read", id="no such file"),
        pytest.param(["--slots", "nowhere.json", "--http", "h:1"], {}, "write orders into it first", id="no such orders"),
        pytest.param(["--tls-key", "k"], POD, "go together", id="a key alone"),
    ],
)
def test_what_cannot_be_is_said(arguments, environment, says):
    with pytest.raises(BadSettingsError) as refused:
        parse(arguments, environment)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--model", "model.onnx"], id="a model without a name"),
        pytest.param(["--weight", "101"], id="more than all"),
        pytest.param(["--acks", "f"], id="acknowledgements without slots"),
        pytest.param(["--candidate", "m=f"], id="a candidate alone"),
        pytest.param(["--model", "m=f", "--slots", "f"], id="two ways at once"),
    ],
)
def test_arguments_that_make_no_sense_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        parse(arguments, POD)
    assert "usage: andon serve" in capsys.readouterr().err
