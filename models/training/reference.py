#!/usr/bin/env python3
"""How fast the model is beside the reference CLSTM: 10 steps of 77 columns, Conv1D 64, LSTM 64, 8 classes; Markdown.

Owns: the graph of the reference, which is made of the operators of `graph` and of weights that are drawn, because what
a graph costs does not depend on them; and the call of `benches/reference.rs`, which runs both. Its convolution pads, so
that its LSTM reads ten steps, as the model's does.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from graph import IR_VERSION, OPSET
from verdict import SEQUENCE_LENGTH

HERE = Path(__file__).resolve().parent
FEATURES, WIDTH, CLASSES = 77, 64, 8
KERNEL, GATES = 3, 4
SEED = 1
GOAL = 0.7
FILE = "reference.onnx"


def main() -> int:
    """Writes the graph and prints how fast both are, by each backend that there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path, help="the binary of `cargo bench --bench reference`")
    parser.add_argument("--model", type=Path, help="a graph, if not that of models/ when the bench was built")
    parser.add_argument("--ort-lib", type=Path, help="ONNX Runtime's library; by default that of its Python package")
    parser.add_argument("--work", type=Path, default=HERE.parents[1] / "target" / "training")
    args = parser.parse_args()
    print(*lines(args.bench, args.work, args.model, args.ort_lib or bundled()), sep="\n")
    return 0


def lines(bench: Path, work: Path, model: Path | None = None, library: Path | None = None) -> Iterator[str]:
    """What the bench says, a paragraph for each backend."""
    path = written(work)
    own = ["--model", str(model)] if model else []
    for more in [[], *([["--ort-lib", str(library)]] if library else [])]:
        argv = [str(bench), str(path), *own, *more]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        head, *figures = done.stdout.splitlines()
        yield f"By {head} (goal: at least {GOAL}):\n"
        yield from (f"- {line}" for line in figures)
        yield ""


def bundled() -> Path | None:
    """The library in the Python package of ONNX Runtime."""
    import onnxruntime

    return next(iter(sorted((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*"))), None)


def written(work: Path) -> Path:
    """Writes the graph."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / FILE
    onnx.save(reference(), path)
    return path


def _constants() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(SEED)

    def drawn(*shape: int) -> np.ndarray:
        return rng.uniform(-0.1, 0.1, shape).astype(np.float32)

    return {
        "zero": np.float32(0.0), "axis_0": np.int64([0]), "first_step": np.int64([0]), "second_step": np.int64([1]),
        "conv_weight": drawn(WIDTH, FEATURES, KERNEL), "conv_bias": drawn(WIDTH),
        "lstm_weight": drawn(1, GATES * WIDTH, WIDTH), "lstm_recurrence": drawn(1, GATES * WIDTH, WIDTH),
        "lstm_bias": drawn(1, 2 * GATES * WIDTH),
        "classes_weight": drawn(WIDTH, CLASSES), "classes_bias": drawn(CLASSES),
    }


def _nodes() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("Transpose", ["sequences"], ["channels"], perm=[0, 2, 1]),
        node("Conv", ["channels", "conv_weight", "conv_bias"], ["conv"], kernel_shape=[KERNEL], pads=[1, 1]),
        node("Relu", ["conv"], ["local"]),
        node("Transpose", ["local"], ["in_time"], perm=[2, 0, 1]),
        node("Slice", ["in_time", "first_step", "second_step", "axis_0"], ["oldest"]),
        # The LSTM begins with zeros that come from its input, as in `graph`.
        node("Mul", ["oldest", "zero"], ["state"]),
        node("Sub", ["oldest", "oldest"], ["cell"]),
        node("LSTM", ["in_time", "lstm_weight", "lstm_recurrence", "lstm_bias", "", "state", "cell"],
             ["", "lstm_last", ""], hidden_size=WIDTH),
        node("Squeeze", ["lstm_last", "axis_0"], ["last"]),
        node("MatMul", ["last", "classes_weight"], ["product"]),
        node("Add", ["product", "classes_bias"], ["logits"]),
        node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]


def reference() -> onnx.ModelProto:
    """The checked graph."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        _nodes(),
        "reference",
        inputs=[value("sequences", TensorProto.FLOAT, ["batch", SEQUENCE_LENGTH, FEATURES])],
        outputs=[value("probabilities", TensorProto.FLOAT, ["batch", CLASSES])],
        initializer=[numpy_helper.from_array(np.asarray(array), name) for name, array in _constants().items()],
    )
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="weir")
    onnx.checker.check_model(made, full_check=True)
    return made


if __name__ == "__main__":
    sys.exit(main())
