"""A rendered pod as a container: the constraints that a kubelet would set, set by Docker.

What isn't known here is refused, so that no constraint is left out in silence.
"""

import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Object = Mapping[str, Any]
_UNITS = {"Mi": "m", "Gi": "g"}
_IGNORED = {
    "name", "image", "imagePullPolicy", "ports", "startupProbe", "livenessProbe", "readinessProbe",
    "terminationMessagePath", "terminationMessagePolicy",
}  # fmt: skip
"""Fields of a container that say nothing about how its process is confined."""


@dataclass(frozen=True)
class Pods:
    """What pods refer to."""

    folder: Path
    """Where mounted files are written."""
    documents: Mapping[str, Mapping[str, str]]
    """Files of each ConfigMap."""
    secrets: Mapping[str, str]
    """Value of each secret-name/key; a name alone stands for all keys of it that aren't there."""

    def arguments(self, name: str, pod: Object) -> tuple[list[str], list[str]]:
        """Return the options of `docker run` for the one container of a pod, and the arguments of its process."""
        [container] = pod["containers"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        security = {**pod["securityContext"], **container["securityContext"]}
        options = [
            *_confined(security),
            *_limited(container["resources"]["limits"]),
            *(f"--env={variable['name']}={self._value(variable)}" for variable in container["env"]),
            *(self._mounted(name, mount, volumes[mount["name"]], security) for mount in container["volumeMounts"]),
        ]
        known = {"args", "env", "resources", "securityContext", "volumeMounts"}
        _refuse(set(container) - known - _IGNORED, "container")
        return options, list(container["args"])

    def _value(self, variable: Object) -> str:
        if "value" in variable:
            return variable["value"]
        reference = variable["valueFrom"]["secretKeyRef"]
        return self.secrets.get(f"{reference['name']}/{reference['key']}", "not-used-in-this-test")

    def _mounted(self, pod: str, mount: Object, volume: Object, security: Object) -> str:
        target, read_only = mount["mountPath"], ",readonly" if mount.get("readOnly") else ""
        _refuse(set(mount) - {"name", "mountPath", "readOnly"}, "mount")
        if "emptyDir" in volume:
            _refuse(set(volume["emptyDir"]) - {"sizeLimit"}, "emptyDir")
            size = _size(volume["emptyDir"]["sizeLimit"])
            return f"--mount=type=tmpfs,destination={target},tmpfs-size={size},tmpfs-mode=1777{read_only}"
        source = self.folder / pod / volume["name"]
        source.mkdir(parents=True)
        mode = (volume.get("projected") or volume["secret"])["defaultMode"]
        for path, text in self._files(volume):
            _write(source / path, text, mode, security["fsGroup"])
        return f"--mount=type=bind,source={source},target={target}{read_only}"

    def _files(self, volume: Object) -> Generator[tuple[str, str]]:
        if "secret" in volume:
            name = volume["secret"]["secretName"]
            yield from ((item["path"], self.secrets[f"{name}/{item['key']}"]) for item in volume["secret"]["items"])
            return
        for source in volume["projected"]["sources"]:
            held = self.documents[source["configMap"]["name"]]
            yield from ((item["path"], held[item["key"]]) for item in source["configMap"]["items"])


def _confined(security: Object) -> list[str]:
    """Docker's default seccomp profile is what RuntimeDefault stands for, so nothing is said about it."""
    expected: Object = {
        "runAsNonRoot": True,
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "fsGroupChangePolicy": "OnRootMismatch",
    }
    wrong = {key for key, value in expected.items() if security.get(key) != value}
    _refuse(
        wrong | (set(security) - set(expected) - {"runAsUser", "runAsGroup", "fsGroup", "capabilities"}), "security"
    )
    return [
        "--read-only",
        "--security-opt=no-new-privileges",
        f"--user={security['runAsUser']}:{security['runAsGroup']}",
        f"--group-add={security['fsGroup']}",
        *(f"--cap-drop={name}" for name in security["capabilities"]["drop"]),
    ]


def _limited(limits: Object) -> list[str]:
    """Local disk isn't limited: Docker can't, and only the volumes can be written, which are."""
    _refuse(set(limits) - {"cpu", "memory", "ephemeral-storage"}, "limits")
    cpu = str(limits["cpu"])
    cores = int(cpu.removesuffix("m")) / 1000 if cpu.endswith("m") else float(cpu)
    return [f"--cpus={min(cores, os.cpu_count() or 1)}", f"--memory={_size(limits['memory'])}"]


def _size(amount: str) -> str:
    return amount[:-2] + _UNITS[amount[-2:]]


def _write(file: Path, text: str, mode: int, group: int) -> None:
    file.write_text(text)
    os.chown(file, 0, group)
    file.chmod(mode)


def _refuse(unknown: Iterable[str] | Sequence[str], where: str) -> None:
    assert not list(unknown), f"not known what Docker is to do about {sorted(unknown)} of {where}"
