//! Apache Parquet: the same columns as the CSV file, typed.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::column::{Choice, Column};
use super::{Error, Record};
use crate::detect::Scope;
use crate::feature::{FEATURES, Form, Summary, values};
use crate::flow::State;

/// Values held back before a row group is written: about 64 MiB at eight bytes each.
const GROUP_VALUES: usize = 8 << 20;

/// Most rows of a row group.
const GROUP_ROWS: usize = 65_536;

/// The values of one column that wait to be written.
#[derive(Debug)]
enum Values {
    Integers(Vec<i64>),
    Reals(Vec<f64>),
    Floats(Vec<f32>),
    Texts(Vec<ByteArray>),
    Flags(Vec<bool>),
}

/// Writes rows in row groups.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<(Column, Values)>,
    rows: usize,
    group_rows: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// A file that begins with its magic number; its schema comes last.
    pub fn new(output: W, choice: Choice) -> Result<Self, Error> {
        let columns: Vec<_> =
            Column::list(choice).into_iter().map(|column| (column, Values::of(&column))).collect();
        let schema = schema(&columns)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let file = SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties))?;
        let group_rows = (GROUP_VALUES / columns.len()).min(GROUP_ROWS);
        Ok(Self { file, columns, rows: 0, group_rows })
    }

    /// Adds a row.
    pub fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let summary = Summary::new(record.row.flow);
        let features: Vec<_> = values(0..FEATURES.len(), &summary, &record.context).collect();
        for (column, values) in &mut self.columns {
            values.push(column, record, &features);
        }
        self.rows += 1;
        if self.rows == self.group_rows { self.write_group() } else { Ok(()) }
    }

    /// Writes what is left and the schema.
    pub fn finish(mut self) -> Result<(), Error> {
        self.write_group()?;
        self.file.close()?;
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), Error> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let mut group = self.file.next_row_group()?;
        for (_, values) in &mut self.columns {
            values.write(&mut group)?;
        }
        group.close()?;
        Ok(())
    }
}

impl Values {
    fn of(column: &Column) -> Self {
        match column {
            Column::SourcePort | Column::TargetPort | Column::Timestamp | Column::Steps => {
                Self::Integers(Vec::new())
            }
            Column::Feature(at) if FEATURES[*at].form == Form::Integer => {
                Self::Integers(Vec::new())
            }
            Column::Feature(_) => Self::Reals(Vec::new()),
            Column::Step(..) => Self::Floats(Vec::new()),
            Column::Final => Self::Flags(Vec::new()),
            Column::FlowKey
            | Column::SourceAddress
            | Column::TargetAddress
            | Column::Label
            | Column::FlowId
            | Column::Scope => Self::Texts(Vec::new()),
        }
    }

    fn push(&mut self, column: &Column, record: &Record<'_>, features: &[f64]) {
        match self {
            Self::Integers(values) => values.push(integer(column, record, features)),
            Self::Reals(values) => values.push(real(column, record, features)),
            #[expect(clippy::cast_possible_truncation, reason = "steps are 32-bit numbers")]
            Self::Floats(values) => values.push(real(column, record, features) as f32),
            Self::Texts(values) => values.push(text(column, record).into_bytes().into()),
            Self::Flags(values) => values.push(matches!(record.row.state, State::Final(_))),
        }
    }

    fn write<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        match self {
            Self::Integers(values) => batch::<Int64Type, _>(values, group),
            Self::Reals(values) => batch::<DoubleType, _>(values, group),
            Self::Floats(values) => batch::<FloatType, _>(values, group),
            Self::Texts(values) => batch::<ByteArrayType, _>(values, group),
            Self::Flags(values) => batch::<BoolType, _>(values, group),
        }
    }
}

fn batch<T: DataType, W: Write + Send>(
    values: &mut Vec<T::T>,
    group: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<(), ParquetError> {
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(values, None, None)?;
        column.close()?;
    }
    values.clear();
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "features of this form are whole numbers")]
fn integer(column: &Column, record: &Record<'_>, features: &[f64]) -> i64 {
    let flow = record.row.flow;
    match column {
        Column::SourcePort => flow.tuple.ports().0.into(),
        Column::TargetPort => flow.tuple.ports().1.into(),
        Column::Timestamp => flow.first_us,
        Column::Steps => record.sequence.map_or(0, |one| i64::try_from(one.len).unwrap_or(0)),
        other => real(other, record, features) as i64,
    }
}

fn real(column: &Column, record: &Record<'_>, features: &[f64]) -> f64 {
    match column {
        Column::Feature(at) => features[*at],
        Column::Step(step, at) => record.sequence.map_or(0.0, |one| one.steps[*step][*at].into()),
        _ => 0.0,
    }
}

fn text(column: &Column, record: &Record<'_>) -> String {
    let flow = record.row.flow;
    let (source_port, target_port) = flow.tuple.ports();
    let (source, target) = (flow.tuple.source, flow.tuple.target);
    match column {
        Column::FlowKey => {
            format!("{source}-{target}-{source_port}-{target_port}-{}", flow.tuple.protocol)
        }
        Column::SourceAddress => source.to_string(),
        Column::TargetAddress => target.to_string(),
        Column::Label => record.label.into(),
        Column::FlowId => flow.id().to_string(),
        Column::Scope => match record.sequence.map(|one| one.scope) {
            Some(Scope::Pair) => "pair".into(),
            Some(Scope::Server) => "server".into(),
            None => String::new(),
        },
        _ => String::new(),
    }
}

fn schema(columns: &[(Column, Values)]) -> Result<Type, ParquetError> {
    let fields: Result<Vec<_>, _> = columns
        .iter()
        .map(|(column, values)| {
            let (physical, logical) = match (column, values) {
                (Column::Timestamp, _) => {
                    (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS)))
                }
                (_, Values::Integers(_)) => (Physical::INT64, None),
                (_, Values::Reals(_)) => (Physical::DOUBLE, None),
                (_, Values::Floats(_)) => (Physical::FLOAT, None),
                (_, Values::Texts(_)) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                (_, Values::Flags(_)) => (Physical::BOOLEAN, None),
            };
            Type::primitive_type_builder(&column.name(), physical)
                .with_repetition(Repetition::REQUIRED)
                .with_logical_type(logical)
                .build()
                .map(Arc::new)
        })
        .collect();
    Type::group_type_builder("flows").with_fields(fields?).build()
}
