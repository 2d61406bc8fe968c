"""The CLSTM as an ONNX graph, written node by node.

Owns: which operators the model file holds. Two backends run it, so it keeps to few plain operators:
no shape arithmetic, no branches, and an LSTM whose initial state comes from its input, because
tract refuses an implicit one under a dynamic batch.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model import CLIP, WIDTH, Clstm
from verdict import CLASSES, SEQUENCE_LENGTH

OPSET = 13
IR_VERSION = 8


def _gates(weights: np.ndarray) -> np.ndarray:
    """Rows of the gates from torch's order (in, forget, cell, out) to ONNX's (in, out, forget, cell)."""
    ingate, forget, cell, out = np.split(weights, 4)
    return np.concatenate([ingate, out, forget, cell])[np.newaxis]


def _constants(model: Clstm) -> dict[str, np.ndarray]:
    state = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    biases = [_gates(state[name])[0] for name in ("lstm.bias_ih_l0", "lstm.bias_hh_l0")]
    return {
        "one": np.float32(1.0), "zero": np.float32(0.0),
        "low": np.float32(-CLIP), "high": np.float32(CLIP),
        "axis_0": np.int64([0]), "axis_1": np.int64([1]), "axis_2": np.int64([2]),
        "first": np.int64([0]), "second": np.int64([1]),
        "newest": np.int64([SEQUENCE_LENGTH - 1]), "end": np.int64([SEQUENCE_LENGTH]),
        "mean": state["mean"], "scale": state["scale"],
        "conv_weight": state["conv.weight"], "conv_bias": state["conv.bias"],
        "lstm_weight": _gates(state["lstm.weight_ih_l0"]),
        "lstm_recurrence": _gates(state["lstm.weight_hh_l0"]),
        "lstm_bias": np.concatenate(biases)[np.newaxis],
        "dense_weight": state["dense.weight"].T, "dense_bias": state["dense.bias"],
        "classes_weight": state["classes.weight"].T, "classes_bias": state["classes.bias"],
        "anomaly_weight": state["anomaly.weight"].T, "anomaly_bias": state["anomaly.bias"],
    }


def _nodes() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        # sign(x) · ln(1 + |x|), standardised, clipped, padding at zero.
        node("Sign", ["sequences"], ["sign"]),
        node("Abs", ["sequences"], ["size"]),
        node("Add", ["size", "one"], ["size_1"]),
        node("Log", ["size_1"], ["log_size"]),
        node("Mul", ["sign", "log_size"], ["logs"]),
        node("Sub", ["logs", "mean"], ["centred"]),
        node("Mul", ["centred", "scale"], ["scaled"]),
        node("Clip", ["scaled", "low", "high"], ["clipped"]),
        node("Unsqueeze", ["mask", "axis_2"], ["mask_steps"]),
        node("Mul", ["clipped", "mask_steps"], ["steps"]),
        # What happens from one step to the next.
        node("Transpose", ["steps"], ["channels"], perm=[0, 2, 1]),
        node("Conv", ["channels", "conv_weight", "conv_bias"], ["conv"], kernel_shape=[3], pads=[1, 1]),
        node("Relu", ["conv"], ["conv_relu"]),
        node("Unsqueeze", ["mask", "axis_1"], ["mask_channels"]),
        node("Mul", ["conv_relu", "mask_channels"], ["local"]),
        # What has happened until now.
        node("Transpose", ["local"], ["in_time"], perm=[2, 0, 1]),
        node("Slice", ["in_time", "first", "second", "axis_0"], ["oldest"]),
        # Zeros, by two operators: tract takes one tensor in both places for an error.
        node("Mul", ["oldest", "zero"], ["state"]),
        node("Sub", ["oldest", "oldest"], ["cell"]),
        node(
            "LSTM",
            ["in_time", "lstm_weight", "lstm_recurrence", "lstm_bias", "", "state", "cell"],
            ["", "lstm_last", ""],
            hidden_size=WIDTH,
        ),
        node("Squeeze", ["lstm_last", "axis_0"], ["last"]),
        # The verdict on the newest step.
        node("Slice", ["in_time", "newest", "end", "axis_0"], ["newest_local"]),
        node("Squeeze", ["newest_local", "axis_0"], ["newest_step"]),
        node("Concat", ["last", "newest_step"], ["joined"], axis=1),
        node("MatMul", ["joined", "dense_weight"], ["dense_product"]),
        node("Add", ["dense_product", "dense_bias"], ["dense_sum"]),
        node("Relu", ["dense_sum"], ["hidden"]),
        node("MatMul", ["hidden", "classes_weight"], ["classes_product"]),
        node("Add", ["classes_product", "classes_bias"], ["logits"]),
        node("Softmax", ["logits"], ["probabilities"], axis=1),
        node("MatMul", ["hidden", "anomaly_weight"], ["anomaly_product"]),
        node("Add", ["anomaly_product", "anomaly_bias"], ["anomaly_logit"]),
        node("Sigmoid", ["anomaly_logit"], ["anomaly_column"]),
        node("Squeeze", ["anomaly_column", "axis_1"], ["anomaly"]),
    ]


def onnx_model(model: Clstm) -> onnx.ModelProto:
    """The checked model file."""
    features = model.mean.shape[0]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        _nodes(),
        "clstm",
        inputs=[
            value("sequences", TensorProto.FLOAT, ["batch", SEQUENCE_LENGTH, features]),
            value("mask", TensorProto.FLOAT, ["batch", SEQUENCE_LENGTH]),
        ],
        outputs=[
            value("probabilities", TensorProto.FLOAT, ["batch", len(CLASSES)]),
            value("anomaly", TensorProto.FLOAT, ["batch"]),
        ],
        initializer=[
            numpy_helper.from_array(np.ascontiguousarray(array), name)
            for name, array in _constants(model).items()
        ],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="weir")
    onnx.checker.check_model(made, full_check=True)
    return made
