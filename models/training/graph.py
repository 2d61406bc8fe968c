"""The CLSTM as an ONNX graph, written node by node.

Owns: which operators the model file holds. Two backends run it, so it keeps to few plain operators:
no shape arithmetic, no branches, and an LSTM whose initial state comes from its input, because
tract refuses an implicit one under a dynamic batch. It reads what is scaled: operator by operator
that takes tract as long as the network, and `src/detect/scaling.rs` a tenth of it.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model import WIDTH, Clstm
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
        "zero": np.float32(0.0),
        "axis_0": np.int64([0]), "axis_1": np.int64([1]),
        "first_step": np.int64([0]), "second_step": np.int64([1]),
        "newest_step": np.int64([SEQUENCE_LENGTH - 1]), "end_step": np.int64([SEQUENCE_LENGTH]),
        "conv_weight": state["conv.weight"], "conv_bias": state["conv.bias"],
        "lstm_weight": _gates(state["lstm.weight_ih_l0"]),
        "lstm_recurrence": _gates(state["lstm.weight_hh_l0"]),
        "lstm_bias": np.concatenate(biases)[np.newaxis],
        "dense1_weight": state["first.weight"].T, "dense1_bias": state["first.bias"],
        "dense2_weight": state["second.weight"].T, "dense2_bias": state["second.bias"],
        # The temperature is in the weights.
        "classes_weight": state["classes.weight"].T / state["temperature"],
        "classes_bias": state["classes.bias"] / state["temperature"],
    }


def _past() -> list[onnx.NodeProto]:
    """What happens from one step to the next, and what has happened until now; padding stays at zero."""
    node = helper.make_node
    return [
        node("Transpose", ["sequences"], ["channels"], perm=[0, 2, 1]),
        node("Conv", ["channels", "conv_weight", "conv_bias"], ["conv"], kernel_shape=[3], pads=[1, 1]),
        node("Relu", ["conv"], ["conv_relu"]),
        node("Unsqueeze", ["mask", "axis_1"], ["mask_channels"]),
        node("Mul", ["conv_relu", "mask_channels"], ["local"]),
        node("Transpose", ["local"], ["in_time"], perm=[2, 0, 1]),
        node("Slice", ["in_time", "first_step", "second_step", "axis_0"], ["oldest"]),
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
    ]


def _verdict() -> list[onnx.NodeProto]:
    """The classes of the newest step, by what it is and what was before it."""
    node = helper.make_node
    return [
        node("Slice", ["sequences", "newest_step", "end_step", "axis_1"], ["newest_step_only"]),
        node("Squeeze", ["newest_step_only", "axis_1"], ["newest"]),
        node("Concat", ["newest", "last"], ["joined"], axis=1),
        node("MatMul", ["joined", "dense1_weight"], ["dense1_product"]),
        node("Add", ["dense1_product", "dense1_bias"], ["dense1_sum"]),
        node("Relu", ["dense1_sum"], ["dense1"]),
        node("MatMul", ["dense1", "dense2_weight"], ["dense2_product"]),
        node("Add", ["dense2_product", "dense2_bias"], ["dense2_sum"]),
        node("Relu", ["dense2_sum"], ["dense2"]),
        node("MatMul", ["dense2", "classes_weight"], ["classes_product"]),
        node("Add", ["classes_product", "classes_bias"], ["logits"]),
        node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]


def onnx_model(model: Clstm) -> onnx.ModelProto:
    """The checked model file."""
    features = model.mean.shape[0]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [*_past(), *_verdict()],
        "clstm",
        inputs=[
            value("sequences", TensorProto.FLOAT, ["batch", SEQUENCE_LENGTH, features]),
            value("mask", TensorProto.FLOAT, ["batch", SEQUENCE_LENGTH]),
        ],
        outputs=[value("probabilities", TensorProto.FLOAT, ["batch", len(CLASSES)])],
        initializer=[
            numpy_helper.from_array(np.ascontiguousarray(array, array.dtype), name)
            for name, array in _constants(model).items()
        ],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="weir")
    onnx.checker.check_model(made, full_check=True)
    return made
