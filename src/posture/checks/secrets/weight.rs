//! How full a `ConfigMap` or a `Secret` is.

use crate::posture::cursor::Cursor;

/// Bytes that the values of one may have together: `MaxSecretSize` of the API server.
const MOST: usize = 1 << 20;

/// Bytes from which on it is worth a word.
const MUCH: usize = 500_000;

/// How many bytes base64 stands for.
pub(super) fn decoded(field: &Cursor<'_>) -> usize {
    field.bytes() / 4 * 3
}

/// What to say of so many bytes; nothing if they are few.
pub(super) fn told(bytes: usize) -> Option<String> {
    let (has, most) = (bytes.div_ceil(1024), MOST / 1024);
    (bytes >= MUCH).then(|| format!("it holds {has} KiB, and at most {most} fit"))
}

/// An object of 500 kB, as briefly as YAML can say it.
macro_rules! heavy {
    (@ten $text:literal) => {
        concat!($text, $text, $text, $text, $text, $text, $text, $text, $text, $text)
    };
    (@hundred $text:literal) => {
        concat!(
            heavy!(@ten $text),
            heavy!(@ten $text),
            heavy!(@ten $text),
            heavy!(@ten $text),
            heavy!(@ten $text),
            heavy!(@ten $text),
            heavy!(@ten $text),
            heavy!(@ten $text),
            heavy!(@ten $text),
            heavy!(@ten $text),
        )
    };
    (@keys $($letter:literal)*) => {
        concat!($(
            "  ", $letter, "0: *text\n",
            "  ", $letter, "1: *text\n",
            "  ", $letter, "2: *text\n",
            "  ", $letter, "3: *text\n",
            "  ", $letter, "4: *text\n",
            "  ", $letter, "5: *text\n",
            "  ", $letter, "6: *text\n",
            "  ", $letter, "7: *text\n",
            "  ", $letter, "8: *text\n",
            "  ", $letter, "9: *text\n",
        )*)
    };
    ($kind:literal, $field:literal) => {
        concat!(
            "apiVersion: v1\nkind: ", $kind, "\nmetadata: { name: shop }\n", $field, ":\n",
            "  text: &text ",
            heavy!(@hundred "The quick brown fox jumps over the lazy dog and then on. "),
            "\n",
            heavy!(@keys "a" "b" "c" "d" "e" "f" "g" "h" "i"),
        )
    };
}

pub(super) use heavy;
