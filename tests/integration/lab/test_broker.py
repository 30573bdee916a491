"""The line's broker: what is published at the address in the Secret arrives, once and in order."""

import base64
from dataclasses import replace
from pathlib import Path

import paho.mqtt.publish
from paho.mqtt.client import MQTTv311

from andon.lab.broker import ADDRESS, Broker
from andon.lab.controlplane import ControlPlane
from andon.lab.crew import Component, Crew
from andon.lab.demo.line import Line
from support.eventually import eventually


def test_what_is_published_at_the_address_in_the_secret_arrives(control_plane: ControlPlane, tmp_path: Path):
    crew = Crew([broker_of(control_plane)], tmp_path)
    try:
        crew.start()
        secret = control_plane.read(f"/api/v1/namespaces/plant-a/secrets/{ADDRESS}")
        url = base64.b64decode(secret["data"]["url"]).decode()
        host, _, port = url.removeprefix("mqtt://").partition(":")
        with Line(url, "plant-a/product-e") as line:
            sent = [{"topic": "plant-a/product-e", "payload": f'{{"time": {n}}}', "qos": 1} for n in range(3)]
            paho.mqtt.publish.multiple(sent, hostname=host, port=int(port), protocol=MQTTv311)
            eventually(lambda: len(line.messages), until=lambda n: n == 3, within=10)
        assert [message["time"] for message in line.messages] == [0, 1, 2]
    finally:
        crew.stop()


def broker_of(plane: ControlPlane) -> Component:
    """Without its need: the API server runs already."""
    return replace(Broker(plane, "plant-a").component(), needs=())
