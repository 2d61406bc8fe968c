//! Apache Parquet: the same columns as the CSV file, typed.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataWriter, RowGroupMetaData, RowGroupMetaDataPtr,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::column::{Choice, Column};
use super::{Error, Record};
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
///
/// What makes a Parquet file readable is its end. Where writing fails, as on a full disk, the file is
/// cut back to its last complete row group and ended there: no row that was written is lost.
pub struct ParquetWriter<W: Write + Send> {
    /// Never dropped: it would then write on behind the end of a file that was cut back.
    file: ManuallyDrop<SerializedFileWriter<W>>,
    /// The same file, to be cut back; none where it is no regular file.
    rescue: Option<File>,
    /// The row groups that are in the file as a whole.
    complete: Vec<RowGroupMetaDataPtr>,
    /// Length of the file up to the end of the last of them, in bytes.
    complete_len: usize,
    columns: Vec<(Column, Values)>,
    rows: usize,
    group_rows: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// A file that begins with its magic number; its schema comes last. `rescue` is another handle
    /// to the file behind `output`.
    pub fn new(output: W, rescue: Option<File>, choice: Choice) -> Result<Self, Error> {
        let columns: Vec<_> =
            Column::list(choice).into_iter().map(|column| (column, Values::of(&column))).collect();
        let schema = schema(&columns)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let file = SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties))?;
        Ok(Self {
            complete_len: file.bytes_written(),
            file: ManuallyDrop::new(file),
            rescue,
            complete: Vec::new(),
            group_rows: (GROUP_VALUES / columns.len()).min(GROUP_ROWS),
            columns,
            rows: 0,
        })
    }

    /// Adds a row.
    pub fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let summary = Summary::new(record.row.flow);
        let features: Vec<_> = values(0..FEATURES.len(), &summary, record.context).collect();
        for (column, values) in &mut self.columns {
            values.push(column, record, &features);
        }
        self.rows += 1;
        if self.rows < self.group_rows {
            return Ok(());
        }
        self.write_group().inspect_err(|_| self.cut_back())
    }

    /// Writes what is left and the schema.
    pub fn finish(mut self) -> Result<(), Error> {
        let finished = self.write_group().and_then(|()| Ok(self.file.finish().map(drop)?));
        finished.inspect_err(|_| self.cut_back())
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
        let group = group.close()?;
        self.file.flush().map_err(Error::Write)?;
        self.complete.push(group);
        self.complete_len = self.file.bytes_written();
        Ok(())
    }

    /// Ends the file behind its last complete row group, as far as that is still possible.
    fn cut_back(&mut self) {
        let (Some(rescue), end) = (&mut self.rescue, self.complete_len as u64) else { return };
        let groups: Vec<RowGroupMetaData> =
            self.complete.iter().map(|group| group.as_ref().clone()).collect();
        let rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
        let schema = Arc::new(self.file.schema_descr().clone());
        let file = FileMetaData::new(1, rows, None, None, schema, None);
        let metadata = ParquetMetaData::new(file, groups);
        // The error that led here is the one to be told.
        rescue
            .set_len(end)
            .and_then(|()| rescue.seek(SeekFrom::Start(end)))
            .ok()
            .and_then(|_| ParquetMetaDataWriter::new(rescue, &metadata).finish().ok());
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
            | Column::FlowId => Self::Texts(Vec::new()),
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

#[cfg(test)]
mod tests {
    use std::io;

    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;
    use crate::export::NO_LABEL;
    use crate::feature::Context;
    use crate::flow::{FlowTable, Report, Share, Stamp, Timeouts};
    use crate::packet::{Address, Packet, TcpFlags, Tuple, protocol};

    /// A file on a disk with room for so many bytes.
    struct Full(File, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fitting = bytes.len().min(self.1);
            if fitting == 0 && !bytes.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let written = self.0.write(&bytes[..fitting])?;
            self.1 -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    /// Writes the rows of so many flows in groups of ten; how it ended, and the rows in the file.
    fn written(flows: u16, room: usize) -> (Result<(), Error>, i64) {
        let file = tempfile::tempfile().unwrap();
        let output = Full(file.try_clone().unwrap(), room);
        let rescue = Some(file.try_clone().unwrap());
        let mut writer = ParquetWriter::new(output, rescue, Choice::default()).unwrap();
        writer.group_rows = 10;
        let mut table = FlowTable::new(Share::new(1_000, 1), 0, 1_000, Timeouts::default());
        for port in 1..=flows {
            let tuple = Tuple {
                source: Address::v4([10, 0, 0, 1]),
                target: Address::v4([10, 0, 0, 2]),
                source_port: port,
                target_port: 53,
                protocol: protocol::UDP,
                icmp_type: 0,
            };
            let packet = Packet {
                time_us: port.into(),
                tuple,
                payload_len: port.into(),
                header_len: 8,
                flags: TcpFlags::default(),
                window: 0,
                tunnel: None,
            };
            table.observe(&packet, Stamp { clock_us: port.into(), sequence: port.into() });
        }
        let mut ended = Ok(());
        table.finish(1_000, |report| {
            if let (Ok(()), Report::Row(row)) = (&ended, report) {
                let context = Context::default();
                ended = writer.write(&Record {
                    row,
                    context: &context,
                    label: NO_LABEL,
                    sequence: None,
                });
            }
        });
        let ended = ended.and_then(|()| writer.finish());
        let reader = SerializedFileReader::new(file).unwrap();
        let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap).count();
        (ended, i64::try_from(rows).unwrap())
    }

    #[test]
    fn a_full_disk_loses_no_complete_row_group() {
        let (ended, rows) = written(40, usize::MAX);
        assert!(ended.is_ok());
        assert_eq!(rows, 40);
        let mut seen = Vec::new();
        for room in (4_000..80_000).step_by(997) {
            let (ended, rows) = written(40, room);
            assert!(rows % 10 == 0 && (ended.is_err() || rows == 40), "{rows} of {room}");
            seen.push(rows);
        }
        assert!(seen.is_sorted() && seen.contains(&10) && seen.contains(&30), "{seen:?}");
    }
}
