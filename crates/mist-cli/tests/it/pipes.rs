//! What a command finds does not depend on who reads it.

use crate::support::{Folder, table};
use std::io::Read;
use std::process::{Command, Stdio};

/// The exit code when standard output is closed after this many bytes.
fn read_in_part(command: &mut Command, bytes: usize) -> Option<i32> {
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = run.stdout.take().unwrap();
    stdout.read_exact(&mut vec![0; bytes]).unwrap();
    drop(stdout);
    run.wait().unwrap().code()
}

#[test]
fn a_closed_pipe_hides_no_damage() {
    let folder = Folder::new();
    assert_eq!(folder.mist("generate --config m_train --count 40 --shard-size 1 --out d").code, Some(0));
    assert_eq!(read_in_part(&mut folder.command("dataset verify d"), 0), Some(0));
    for shard in 0..40 {
        folder.write(&format!("d/shard-{shard:05}.safetensors"), "damaged");
    }
    assert_eq!(folder.mist("dataset verify d").code, Some(1));
    for bytes in [0, 1, 100] {
        assert_eq!(read_in_part(&mut folder.command("dataset verify d"), bytes), Some(1), "{bytes}");
    }
    folder.write("m.jsonl", "{\"id\": 1, \"x\": \"no.npy\", \"y\": \"no.npy\"}\n".repeat(3000));
    assert_eq!(read_in_part(&mut folder.command("estimate --batch m.jsonl"), 1), Some(1));
    // Where nothing is wrong, the reader may go.
    folder.write("d.csv", table(20, ','));
    assert_eq!(read_in_part(&mut folder.command("estimate d.csv --x a --y b"), 0), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn broken_standard_error_loses_no_answer() {
    let folder = Folder::new();
    // A missing value dropped, so that there is a warning.
    folder.write("d.csv", table(20, ',') + "1,,2\n");
    let command = "estimate d.csv --x a,b --y c --missing drop";
    let whole = folder.mist(command);
    assert!(whole.stderr.starts_with("warning: 1 row"), "{whole:?}");
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let full = || Stdio::from(std::fs::File::options().write(true).open("/dev/full").unwrap());
    for (name, stderr) in [("full", full()), ("closed", closed())] {
        let run = folder.command(command).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let run = run.wait_with_output().unwrap();
        assert_eq!((run.status.code(), run.stdout), (Some(0), whole.stdout.clone().into_bytes()), "{name}");
    }
    for (args, code) in [("estimate no.csv --x a --y b", 2), ("dataset verify none", 2), ("estimate --nonsense", 2)] {
        for stderr in [full(), closed()] {
            assert_eq!(folder.command(args).stderr(stderr).status().unwrap().code(), Some(code), "{args}");
        }
    }
    let generate = folder.command("generate --config m_train --count 2 --out d").stderr(full()).status().unwrap();
    assert!(generate.success());

    // An answer that cannot be written is lost, and that is said.
    let run = folder.command(command).stdout(full()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8(run.stderr).unwrap().contains("error: cannot write to standard output: No space left"));
}

#[test]
fn messages_are_a_screenful_without_control_characters() {
    let folder = Folder::new();
    let nasty = "\u{1b}]0;title\u{7}\u{1b}[2J\u{202e}".repeat(50);
    let bad = |cell: &str| table(20, ',') + &format!("\"{cell}\",1,2\n");
    let named = |name: &str| table(20, ',').replacen("a,", &format!("\"{name}\","), 1);
    folder.write("cell.csv", bad(&nasty));
    folder.write("long.csv", bad(&"x".repeat(1 << 20)));
    folder.write("lines.csv", bad(&"\nhint: rm -r *".repeat(1000)));
    folder.write("name.csv", named(&nasty));
    folder.write("many.csv", (0..5000).map(|i| format!("column{i}")).collect::<Vec<_>>().join(",") + "\n");
    folder.write("\u{1b}[2J.csv", "1,2\n");
    for args in [
        "cell.csv --x a --y b",
        "long.csv --x a --y b",
        "lines.csv --x a --y b",
        "name.csv --x none --y b",
        "many.csv --x none --y b",
        "\u{1b}[2J.csv --x none --y b",
    ] {
        let run = folder.mist(&format!("estimate {args}"));
        run.refused(&[]);
        assert!(run.stderr.lines().count() <= 3 && run.stderr.chars().count() < 2500, "{args}: {}", run.stderr);
        assert!(run.stderr.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{:?}", run.stderr);
        assert_eq!(run.stderr.matches("\nhint: rm").count(), 0, "{}", run.stderr);
    }
    let run = folder.run(&["estimate", "name.csv", "--x", &nasty, "--y", "b"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", run.stdout);
}
