"""Who is who in a lab: its own certificate authority, and a kubeconfig for any identity."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LIFE = timedelta(days=30)


class Authority:
    """Signs the certificates of one lab. Everything it makes lies in one folder, keys readable by their owner only."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self.certificate = folder / "ca.crt"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("andon-lab", ())
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._write_certificate(self.certificate, builder)

    def key(self, name: str) -> Path:
        """A new private key as PEM: ``NAME.key``."""
        return _write_key(self.folder / f"{name}.key", ec.generate_private_key(ec.SECP256R1()))

    def server(self, name: str, names: Sequence[str], addresses: Sequence[str]) -> tuple[Path, Path]:
        """Certificate and key of a server that is reached by these names and addresses."""
        alternatives = [*map(x509.DNSName, names), *(x509.IPAddress(ip_address(a)) for a in addresses)]
        return self._issue(name, _name(name, ()), x509.SubjectAlternativeName(alternatives))

    def kubeconfig(self, path: Path, server: str, user: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig at ``path`` with which its bearer is ``user`` in ``groups`` at the API server ``server``."""
        certificate, key = self._issue(user.replace(":", "_"), _name(user, groups), None)
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": {"server": server, "certificate-authority": str(self.certificate)}}],
            "users": [{"name": user, "user": {"client-certificate": str(certificate), "client-key": str(key)}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
            "current-context": "lab",
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        return path

    def issued(self, user: str) -> tuple[Path, Path]:
        """Certificate and key of a user that has a kubeconfig."""
        file = user.replace(":", "_")
        return self.folder / f"{file}.crt", self.folder / f"{file}.key"

    def _issue(self, file: str, subject: x509.Name, extension: x509.ExtensionType | None) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(subject, self._name, key.public_key())
        if extension:
            builder = builder.add_extension(extension, critical=False)
        return self._write_certificate(self.folder / f"{file}.crt", builder), _write_key(self.folder / f"{file}.key", key)

    def _write_certificate(self, path: Path, builder: x509.CertificateBuilder) -> Path:
        path.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


def _name(common: str, organizations: Sequence[str]) -> x509.Name:
    """Kubernetes reads the user from the common name and the groups from the organizations."""
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + _LIFE)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(pem)
    return path
