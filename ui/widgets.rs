//! Things to draw with that know nothing of networks: tables, charts, bars, wrapped text, a line of
//! input. What they show and in which style is told to them.

pub(crate) mod bar;
pub(crate) mod chart;
pub(crate) mod input;
pub(crate) mod table;
pub(crate) mod wrap;
