//! Arrow files; a Feather file of today is one.

use crate::arrow::{Batches, Opened};
use arrow_ipc::reader::{FileReader, read_footer_length};
use arrow_ipc::{Block, MessageHeader, root_as_footer, root_as_message};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// How much longer unpacked data can be than packed data: what LZ4 and Zstandard reach at best is less.
const MOST_PACKED: u64 = 1 << 17;

/// The schema, the number of rows, and how to read columns.
pub(crate) fn open(file: File) -> Result<Opened, String> {
    let again = file.try_clone().map_err(|e| e.to_string())?;
    let mut file = BufReader::new(file);
    let rows = check_claims(&mut file)?;
    let schema = FileReader::try_new(file, None).map_err(|e| e.to_string())?.schema();
    let read = move |columns: &[usize]| -> Result<Batches, String> {
        let reader = FileReader::try_new_buffered(again, Some(columns.to_vec())).map_err(|e| e.to_string())?;
        Ok(Box::new(reader.map(|batch| batch.map_err(|e| e.to_string()))))
    };
    Ok(Opened { schema, rows, read: Box::new(read) })
}

/// Checks what the file claims of its lengths, since its reader allocates that much before it looks; gives the number
/// of rows.
fn check_claims(file: &mut BufReader<File>) -> Result<u64, String> {
    let bytes = file.seek(SeekFrom::End(0)).map_err(|e| e.to_string())?;
    let trailer = read(file, bytes.checked_sub(10).ok_or("it ends within its first bytes")?, 10)?;
    let length = read_footer_length(trailer.try_into().expect("ten bytes")).map_err(|e| e.to_string())? as u64;
    let start = bytes.checked_sub(10 + length).ok_or("its footer is longer than the file")?;
    let footer = read(file, start, length)?;
    let footer = root_as_footer(&footer).map_err(|e| e.to_string())?;
    let mut rows = 0u64;
    for block in footer.dictionaries().iter().flatten() {
        check_block(file, block, bytes)?;
    }
    for block in footer.recordBatches().iter().flatten() {
        rows = rows.saturating_add(check_block(file, block, bytes)?);
    }
    Ok(rows)
}

/// Checks a block of rows, or of values of a dictionary; gives the number of rows.
fn check_block(file: &mut BufReader<File>, block: &Block, bytes: u64) -> Result<u64, String> {
    let lengths = [block.offset(), i64::from(block.metaDataLength()), block.bodyLength()];
    let [offset, metadata, body] = lengths.map(|length| u64::try_from(length).unwrap_or(u64::MAX));
    if offset.saturating_add(metadata).saturating_add(body) > bytes {
        return Err("a block goes on behind the end of the file".into());
    }
    let message = read(file, offset, metadata)?;
    // Older files do not mark the beginning of a message.
    let marked = message.starts_with(&[0xff; 4]);
    let message = message.get(if marked { 8 } else { 4 }..).unwrap_or_default();
    let message = root_as_message(message).map_err(|e| e.to_string())?;
    let batch = match message.header_type() {
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
        _ => message.header_as_record_batch(),
    };
    let Some(batch) = batch else {
        return Err("a block is neither rows nor a dictionary".into());
    };
    for buffer in batch.buffers().iter().flatten().filter(|_| batch.compression().is_some()) {
        let [at, length] = [buffer.offset(), buffer.length()].map(|v| u64::try_from(v).unwrap_or(u64::MAX));
        if at.saturating_add(length) > body {
            return Err("a buffer goes on behind the end of its block".into());
        }
        if length >= 8 {
            let claimed = read(file, offset + metadata + at, 8)?;
            let claimed = i64::from_le_bytes(claimed.try_into().expect("eight bytes"));
            // −1 says that it is not packed.
            if u64::try_from(claimed).is_ok_and(|claimed| claimed > length.saturating_mul(MOST_PACKED)) {
                return Err(format!("a buffer of {length} bytes claims to hold {claimed}"));
            }
        }
    }
    u64::try_from(batch.length()).map_err(|_| format!("{} rows", batch.length()))
}

/// So many bytes, which are known to be there.
fn read(file: &mut BufReader<File>, at: u64, length: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at)).map_err(|e| e.to_string())?;
    file.take(length).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err("it is cut off".into()) }
}
