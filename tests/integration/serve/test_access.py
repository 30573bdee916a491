"""With a token only those who bear it are answered, with a certificate only in private; both may be replaced while it serves."""

import asyncio
import datetime
import ssl

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from andon.runtime.serve.grpc import inference_pb2 as pb
from integration.serve.process import rows, serving
from unit.serve.models import linear

INFER = "/v2/models/m/infer"


def certificate(folder, serial):
    """A certificate for localhost that signs itself, as cert-manager would lay it down."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), serial, now, now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "tls.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "tls.crt").write_bytes(made.public_bytes(pem))


def unchecked():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture
def model(tmp_path):
    (tmp_path / "m.onnx").write_bytes(linear())
    return f"m={tmp_path / 'm.onnx'}"


async def test_only_who_bears_the_token_is_answered_and_in_private(tmp_path, model):
    token, tls = tmp_path / "token", unchecked()
    token.write_text("open sesame\n")
    certificate(tmp_path, 1)
    async with serving(tmp_path, "--model", model, "--token-file", token, tls=tls, ANDON_TLS=str(tmp_path)) as server:
        client = await server.connect(tls)
        for path in ("/v2/health/live", "/v2/health/ready"):
            assert (await client.ask(path))[0] == 200
        assert await metrics_status(client) == [200, 200]
        for path in ("/v2", "/v2/models/m", "/slots", "/predictions", "/drift", "/why?time=1"):
            assert (await client.ask(path))[0] == 401, path
        status, headers, _ = await client.ask(INFER, rows([1, 1, 1]), authorization="Bearer open")
        assert (status, headers["www-authenticate"]) == (401, "bearer")
        assert (await client.ask(INFER, rows([1, 1, 1]), authorization="Bearer open sesame"))[0] == 200
        assert (await client.ask(INFER, rows([1, 1, 1]), authorization="bearer  open sesame"))[0] == 200, "RFC 9110: in any case"
        expected = ["UNAUTHENTICATED", "OK", "OK", "UNAUTHENTICATED", "INVALID_ARGUMENT"]
        assert await grpc_codes(server, tmp_path) == expected
        assert "Traceback" not in (tmp_path / "server.log").read_text()

        token.write_text("another")
        certificate(tmp_path, 2)
        async with asyncio.timeout(20):
            while (await client.ask("/v2", authorization="Bearer another"))[0] == 401 or await serial(server) != 2:
                continue
        assert (await client.ask("/v2", authorization="Bearer open sesame"))[0] == 401


async def metrics_status(client):
    """With and without a slash at the end; what is answered is not JSON."""
    found = []
    for path in ("/metrics", "/metrics/"):
        client.send(path)
        head = (await client.reader.readuntil(b"\r\n\r\n")).decode().lower()
        await client.reader.readexactly(int(head.split("content-length: ")[1].split()[0]))
        found.append(int(head.split()[1]))
    return found


async def serial(server):
    client = await server.connect(unchecked())
    presented = client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(presented).serial_number


async def grpc_codes(server, folder):
    """Of an inference without and with the token, of a probe, and of noise without and with the token."""
    credentials = grpc.ssl_channel_credentials((folder / "tls.crt").read_bytes())
    request, bearing = pb.ModelInferRequest(model_name="m"), (("authorization", "Bearer open sesame"),)
    request.inputs.add(name="rows", datatype="FP32", shape=[1, 3]).contents.fp32_contents.extend([1, 1, 1])
    found = []
    options = [("grpc.ssl_target_name_override", "localhost")]
    async with grpc.aio.secure_channel(f"127.0.0.1:{server.grpc}", credentials, options) as channel:
        for name, message, metadata in (
            ("ModelInfer", request.SerializeToString(), ()),
            ("ModelInfer", request.SerializeToString(), bearing),
            ("ServerLive", b"", ()),
            ("ModelInfer", b"\xff\xff\xff", ()),
            ("ModelInfer", b"\xff\xff\xff", bearing),
        ):
            call = channel.unary_unary(f"/inference.GRPCInferenceService/{name}", lambda b: b, lambda b: b)
            asked = call(message, metadata=metadata, timeout=20)
            found.append((await asked.code()).name)
    return found


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--token-file", "nowhere"], "nowhere", id="a token file that is not there"),
        pytest.param(["--tls-cert", "tls.crt"], "--tls-key go together", id="half a certificate"),
        pytest.param(["--candidate", "other=m.onnx"], "has its name", id="a candidate of another name"),
    ],
)
async def test_what_cannot_be_is_said_at_the_start(tmp_path, model, arguments, says):
    with pytest.raises(AssertionError, match="it ended with 2") as ended:
        async with serving(tmp_path, "--model", model, *arguments):
            pass
    assert says in str(ended.value) or says in (tmp_path / "server.log").read_text()
