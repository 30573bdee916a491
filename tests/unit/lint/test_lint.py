"""A folder of objects as people get it wrong: each mistake with its place, and a sound folder without a word."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from andon.api.exits import Exit
from andon.cli import main
from andon.lint.check import lint

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SOURCE = """\
apiVersion: andon.dev/v1alpha1
kind: DataSource
metadata: {name: reactor, namespace: plant-a}
spec:
  asset: reactor-1
  opcua: {endpoint: "opc.tcp://plant.plant-a.svc:4840"}
  tags:
    - {name: xmeas_7, node: "nsu=urn:plant:tep;s=XMEAS_7"}
    - {name: xmeas_38, node: "nsu=urn:plant:tep;s=XMEAS_38"}
  labels: {tag: xmeas_38, delay: 15m}
  landing: {uri: "pvc://landing/reactor"}
"""
PIPELINE = """\
apiVersion: andon.dev/v1alpha1
kind: TrainingPipeline
metadata: {name: product-e, namespace: plant-a}
spec:
  data: {sourceRefs: [{name: reactor}], target: xmeas_38, every: 3s}
  features:
    - {name: pressure, tag: xmeas_7}
  trainer: {builtin: {estimator: Ridge}}
  registry: {mlflow: {model: product-e}}
  promotion: {deploymentRef: {name: product-e}}
"""
DEPLOYMENT = """\
apiVersion: andon.dev/v1alpha1
kind: ModelDeployment
metadata: {name: product-e, namespace: plant-a}
spec:
  model: {mlflow: {name: product-e, version: "3"}}
  inputs: {sourceRefs: [{name: reactor}], every: 3s}
  git: {repositoryRef: plant-a}
"""
POLICY = """\
apiVersion: andon.dev/v1alpha1
kind: DriftPolicy
metadata: {name: product-e, namespace: plant-a}
spec:
  targetRef: {name: product-e}
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: landing, namespace: plant-a}
"""
SOUND = {"source": SOURCE, "pipeline": PIPELINE, "deployment": DEPLOYMENT, "policy": POLICY, "claim": CLAIM}


def written(folder: Path, files):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def found(folder):
    """What is said, without the folder."""
    return [(Path(f.file).stem, f.line, f.column, f.severity.value, f.rule) for f in lint([str(folder)], NOW).findings]


def changed(name, old, new):
    assert old in SOUND[name], old
    return {**SOUND, name: SOUND[name].replace(old, new)}


def test_a_sound_folder_is_passed_without_a_word(tmp_path):
    done = lint([str(written(tmp_path, SOUND))], NOW)
    assert (done.findings, done.objects) == ([], 4)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param(
            changed("source", "asset:", "assets:"),
            [("source", 4, 1, "error", "Missing"), ("source", 5, 3, "error", "UnknownField")],
            id="a field that there is not",
        ),
        pytest.param(
            changed("source", "tag: xmeas_38", "tag: xmeas_39"), [("source", 4, 1, "error", "Rule")], id="a rule across fields"
        ),
        pytest.param(
            changed("source", 'XMEAS_7"}', 'XMEAS_7", unt: kPa}'), [("source", 8, 60, "error", "UnknownField")], id="deep inside"
        ),
        pytest.param(
            changed("deployment", 'version: "3"', "version: 3"),
            [("deployment", 5, 46, "error", "Invalid")],
            id="a number where text is wanted",
        ),
        pytest.param(
            changed("deployment", "kind: Model", "kind: Modl"),
            [("deployment", 2, 7, "error", "UnknownKind")],
            id="a kind that there is not",
        ),
        pytest.param(
            changed("deployment", "v1alpha1", "v2"),
            [("deployment", 1, 13, "error", "UnknownVersion")],
            id="a version that there is not",
        ),
        pytest.param(
            changed("deployment", "name: product-e, namespace", "name: Product_E, namespace"),
            [("deployment", 3, 18, "error", "Rule")],
            id="a name that children cannot carry",
        ),
        pytest.param(
            {**SOUND, "policy": POLICY.replace("name: product-e,", "name: Product_E,", 1) + "  nonsense: 1\n"},
            [("policy", 3, 18, "error", "Rule"), ("policy", 6, 3, "error", "UnknownField")],
            id="a name that hides nothing of the spec",
        ),
        pytest.param(
            changed("policy", "namespace: plant-a}", "namespace: Bad NS}"),
            [("policy", 3, 40, "error", "Rule")],
            id="a namespace that there cannot be",
        ),
        pytest.param(
            changed("policy", "plant-a}", "plant-a, annotations: {argocd.argoproj.io/sync-wave: -1}}"),
            [("policy", 3, 93, "error", "Invalid")],
            id="an annotation that is a number",
        ),
        pytest.param(
            changed("policy", "plant-a}", "plant-a, labels: {'a b': 'c d'}}"),
            [("policy", 3, 58, "error", "Rule"), ("policy", 3, 65, "error", "Rule")],
            id="a label that is none",
        ),
        pytest.param(
            changed("deployment", "  git:", "  inputs: {}\n  git:"),
            [("deployment", 7, 3, "error", "DuplicateKey")],
            id="a key twice",
        ),
        pytest.param(
            changed("deployment", "spec:\n", "spec:\n  model: {\n"), [("deployment", 7, 3, "error", "Syntax")], id="no YAML"
        ),
        pytest.param(
            changed("deployment", "spec:\n", "status: {}\nspec:\n"),
            [("deployment", 4, 1, "warning", "StatusIgnored")],
            id="a status",
        ),
        pytest.param(
            changed("deployment", "spec:\n", "spex: {}\nspec:\n"),
            [("deployment", 4, 1, "error", "UnknownField")],
            id="beside the spec",
        ),
    ],
)
def test_an_object_that_the_api_server_would_refuse(tmp_path, files, said):
    assert found(written(tmp_path, files)) == said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param(
            changed("deployment", "{name: reactor}", "{name: reactr}"),
            [("deployment", 6, 32, "error", "ReferenceMissing")],
            id="a source that there is not",
        ),
        pytest.param(
            changed("policy", "{name: product-e}", "{name: product-f}"),
            [("policy", 5, 21, "error", "ReferenceMissing")],
            id="a target that there is not",
        ),
        pytest.param(
            changed("policy", "namespace: plant-a", "namespace: plant-b"),
            [("policy", 5, 21, "error", "ReferenceMissing")],
            id="a target elsewhere",
        ),
        pytest.param(
            changed("pipeline", "tag: xmeas_7", "tag: xmeas_8"),
            [("pipeline", 7, 29, "error", "TagUnknown")],
            id="a tag that is not collected",
        ),
        pytest.param(
            {**SOUND, "second": POLICY.replace("name: product-e, names", "name: other, names")},
            [("second", 5, 21, "error", "TargetTaken")],
            id="two policies for one",
        ),
        pytest.param(
            {**SOUND, "second": PIPELINE.replace("name: product-e, names", "name: other, names")},
            [("second", 10, 37, "error", "TargetTaken")],
            id="two trainers for one",
        ),
        pytest.param({**SOUND, "twice": SOURCE}, [("twice", 4, 1, "error", "DeclaredTwice")], id="one object twice"),
        pytest.param(
            changed("source", "pvc://landing", "pvc://landings"),
            [("source", 11, 18, "warning", "ReferenceMissing")],
            id="a claim that there is not",
        ),
    ],
)
def test_objects_that_name_each_other_wrongly(tmp_path, files, said):
    assert found(written(tmp_path, files)) == said


def policy(more):
    return {**SOUND, "policy": POLICY + more}


SIGNAL = """\
  signals:
    - promql: {name: scrap, query: scrap, fire: "0.05", clear: "0.03"}
  actions: {HarmfulShift: Hold}
"""
OVER = """\
  expectedShift:
    - {from: 2026-10-01T06:00:00Z, to: 2026-10-02T06:00:00Z, reason: catalyst}
"""


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param(
            changed("deployment", "  git: {repositoryRef: plant-a}\n", ""),
            [("policy", 4, 1, "ActWithoutGit")],
            id="acts, and git is not told",
        ),
        pytest.param(
            {**changed("deployment", "every: 3s", "every: 3h"), "pipeline": PIPELINE.replace("every: 3s", "every: 3h")},
            [("policy", 4, 1, "TakesLong")],
            id="rows for a verdict take months",
        ),
        pytest.param(
            {**changed("deployment", "  git:", "  rollout: {steps: [{weight: 20, minRows: 9000000}]}\n  git:")},
            [("deployment", 7, 21, "TakesLong")],
            id="rows for a step take months",
        ),
        pytest.param(
            changed("deployment", "  inputs: {sourceRefs: [{name: reactor}], every: 3s}\n", ""),
            [("policy", 5, 14, "NeverFires")],
            id="nothing to judge by",
        ),
        pytest.param(
            {
                **policy("  actions: {ConceptDrift: Alert}\n"),
                "source": SOURCE.replace("  labels: {tag: xmeas_38, delay: 15m}\n", ""),
            },
            [("policy", 6, 27, "NeverFires")],
            id="a verdict that needs labels",
        ),
        pytest.param(
            changed("deployment", "  git:", '  rollout: {errorBudget: "1"}\n  git:'),
            [("deployment", 7, 26, "NeverFires")],
            id="a share beyond all",
        ),
        pytest.param(
            policy('  evidence: {falseAlarmsPerYear: "80"}\n'), [("policy", 6, 34, "NoEffect")], id="more false alarms than count"
        ),
        pytest.param(
            policy("  budget: {rollbacks: {max: 0, per: 7d}}\n"), [("policy", 6, 29, "NeverDone")], id="a budget of none"
        ),
        pytest.param(
            {k: v for k, v in policy("  authority: {Retrain: Act}\n").items() if k != "pipeline"},
            [("policy", 6, 24, "NeverDone")],
            id="nobody trains",
        ),
        pytest.param(policy(SIGNAL), [("policy", 7, 7, "NoEffect")], id="a signal that asks for nothing"),
        pytest.param(policy(OVER), [("policy", 7, 7, "NoEffect")], id="a window that is over"),
        pytest.param(
            changed("deployment", "every: 3s", "every: 3s, maxAge: 500ms"),
            [("deployment", 6, 62, "AlwaysTooOld")],
            id="older than it may be",
        ),
        pytest.param(
            {**changed("deployment", "every: 3s", "every: 1ms"), "pipeline": PIPELINE.replace("every: 3s", "every: 1ms")},
            [("deployment", 6, 50, "LabelsTooLate")],
            id="labels that find no prediction",
        ),
        pytest.param(changed("pipeline", "every: 3s", "every: 5s"), [("pipeline", 5, 66, "TrainedElsewise")], id="another clock"),
        pytest.param(
            changed("pipeline", "model: product-e", "model: product-f"),
            [("pipeline", 9, 30, "TrainedElsewise")],
            id="another model",
        ),
        pytest.param(
            changed("source", "labels: {tag: xmeas_38", "labels: {tag: xmeas_7"),
            [("pipeline", 5, 49, "TrainedElsewise")],
            id="another truth",
        ),
    ],
)
def test_what_is_allowed_and_was_not_meant(tmp_path, files, said):
    assert [(file, line, column, rule) for file, line, column, _, rule in found(written(tmp_path, files))] == said


def test_what_single_files_name_may_be_in_others(tmp_path):
    written(tmp_path, {"policy": POLICY})
    (finding,) = lint([str(tmp_path / "policy.yaml")], NOW).findings
    assert (finding.severity.value, finding.rule) == ("warning", "ReferenceMissing")


def test_several_documents_and_lists_are_read_where_they_stand(tmp_path):
    items = "".join("  - " + "    ".join(text.splitlines(keepends=True)) for text in (PIPELINE, DEPLOYMENT))
    listed = f"apiVersion: v1\nkind: List\nitems:\n{items}"
    broken = POLICY.replace("targetRef", "target")
    written(tmp_path, {"all": "---\n".join([SOURCE, listed, broken])})
    assert [line for _, line, _, _, _ in found(tmp_path)] == [37, 38]


def test_what_is_only_part_of_an_object_or_a_template_is_passed_over(tmp_path):
    written(tmp_path, SOUND)
    overlay, chart = tmp_path / "overlay", tmp_path / "chart" / "templates"
    overlay.mkdir()
    chart.mkdir(parents=True)
    (overlay / "kustomization.yaml").write_text("resources: [..]\npatches: [{path: version.yaml}]\n")
    (overlay / "version.yaml").write_text("apiVersion: andon.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: product-e}\n")
    (chart.parent / "Chart.yaml").write_text("name: plant\n")
    (chart / "plant.yaml").write_text("kind: {{ .Values.kind }}\n")
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        pytest.param("suspend: yes", True, id="yes is true, as kubectl has it"),
        pytest.param("<<: &more {suspend: true}", True, id="a merge"),
        pytest.param("suspend: &a true", True, id="an anchor"),
        pytest.param('suspend: "true"', False, id="text is no boolean"),
    ],
)
def test_yaml_is_read_as_kubectl_reads_it(tmp_path, text, holds):
    files = {**SOUND, "policy": POLICY + f"  {text}\n"}
    assert (found(written(tmp_path, files)) == []) is holds


def andon(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["lint", *arguments])
    return ended.value.code or 0, capsys.readouterr()


def test_people_get_a_line_for_each_and_a_sum(tmp_path, capsys):
    written(tmp_path, changed("source", "asset:", "assets:"))
    code, said = andon(capsys, str(tmp_path))
    assert code == Exit.FAILED
    assert re.search(r"source.yaml:5:3: error: spec.assets: there is no such field; there is: asset", said.out)
    assert said.err.endswith("4 objects: 2 errors, 0 warnings\n")


def test_programs_get_every_finding_and_a_warning_fails_only_when_asked(tmp_path, capsys):
    written(tmp_path, policy(OVER))
    code, said = andon(capsys, str(tmp_path), "-o", "json")
    (finding,) = json.loads(said.out)["findings"]
    assert (code, finding["rule"], finding["path"], finding["object"]) == (
        0,
        "NoEffect",
        "spec.expectedShift[0]",
        "DriftPolicy product-e",
    )
    assert andon(capsys, str(tmp_path), "--strict")[0] == Exit.FAILED


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="an empty folder"),
        pytest.param({"empty": ""}, id="an empty file"),
        pytest.param({"said": "Error: chart not found"}, id="what a tool said instead of an object"),
        pytest.param({"claim": CLAIM}, id="only what is others'"),
    ],
)
def test_where_nothing_is_ours_a_check_does_not_hold(tmp_path, capsys, files):
    code, said = andon(capsys, str(written(tmp_path, files)))
    assert (code, said.out.count("\n"), "nothing of Andon's is there" in said.out) == (Exit.FAILED, 1, True)
    assert said.err == "0 objects: 1 errors, 0 warnings\n"


def test_a_file_that_is_not_there_is_one_line(tmp_path, capsys):
    code, said = andon(capsys, str(tmp_path / "none.yaml"))
    assert (code, said.err.count("\n")) == (Exit.FAILED, 1)


@pytest.mark.parametrize("folder", ["specs", "examples"])
def test_our_own_objects_pass(folder):
    where = Path(__file__).parents[3] / folder
    assert [str(f) for f in lint([str(where)], NOW).findings if f.severity == "error"] == []
