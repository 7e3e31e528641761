//! How `mist` behaves in a terminal and in a script.

use crate::support::{Folder, table};
use std::process::Stdio;

#[test]
fn alone_it_shows_three_examples() {
    let run = Folder::new().mist("");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("  mist estimate ")).count(), 3, "{run:?}");
}

#[test]
fn help_documents_the_exit_codes() {
    let help = Folder::new().mist("help").stdout;
    assert!(help.contains("Exit codes:\n  0    what was asked for is there"), "{help}");
}

#[test]
fn quiet_leaves_answers_and_errors() {
    let folder = Folder::new();
    folder.write("d.csv", table(20, ',') + "1,,2\n");
    let command = "estimate d.csv --x a,b --y c --missing drop";
    let loud = folder.mist(command);
    assert!(loud.stderr.starts_with("warning: 1 row"), "{loud:?}");
    for quiet in ["--quiet", "-q"] {
        let run = folder.mist(&format!("{quiet} {command}"));
        assert_eq!((run.code, &run.stdout, run.stderr.as_str()), (Some(0), &loud.stdout, ""));
    }
    folder.mist("-q estimate d.csv --x a,b --y c").refused(&["the cell is empty", "hint: "]);
    let run = folder.mist("-q generate --config m_train --count 2 --out d");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
}

#[test]
fn colours_are_for_terminals_and_can_be_asked_for() {
    let folder = Folder::new();
    let stderr = |variables: &[(&str, &str)]| {
        let mut command = folder.command("estimate none.csv --x a --y b");
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert!(stderr(&[]).starts_with("error: cannot read"));
    let coloured = stderr(&[("CLICOLOR_FORCE", "1")]);
    assert!(coloured.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m cannot read"), "{coloured:?}");
    assert!(stderr(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).starts_with("error: "));
}

#[test]
fn completions_and_manuals_know_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = folder.mist(&format!("completions {shell}"));
        assert_eq!(run.code, Some(0));
        assert!(run.stdout.contains("estimate") && run.stdout.contains("calibrate"), "{shell}");
    }
    folder.mist("completions tcsh").refused(&["'tcsh'", "bash, elvish, fish, powershell, zsh"]);
    assert_eq!(folder.mist("man .").code, Some(0));
    let page = std::fs::read_to_string(folder.path().join("mist-estimate.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("categorical"));
    folder.mist("man none").refused(&["cannot write to `none`"]);
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_ends_it_without_a_word() {
    use std::io::Write;
    use std::os::unix::process::ExitStatusExt;
    // Whoever ignores the signal, as shells do for what they start in the background, hands that on to all that it starts.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("the signals that are ignored");
    if u64::from_str_radix(ignored.trim(), 16).unwrap() & 1 << (2 - 1) != 0 {
        eprintln!("not tested: these tests were started with Ctrl-C ignored");
        return;
    }
    let folder = Folder::new();
    let mut run = folder
        .command("estimate - --x a --y b")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    run.stdin.as_mut().unwrap().write_all(b"a,b\n").unwrap();
    let interrupt = std::process::Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let status = run.wait().unwrap();
    assert_eq!(status.signal(), Some(2));
    let out = run.wait_with_output().unwrap();
    assert!(out.stdout.is_empty() && out.stderr.is_empty(), "{out:?}");
}
