//! Escape sequences: none in what goes to a file or another program, unless they are asked for.

use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::tenancy::program;

const ESCAPE: u8 = 0x1b;

/// Everything that a call prints; refusals go to the error output.
fn printed(rollcall: &Rollcall, arguments: &[&str]) -> Vec<u8> {
    let output = rollcall.run(arguments).unwrap();
    assert!(output.status.code().is_some());
    [output.stdout, output.stderr].concat()
}

/// A page with tables, and a refusal.
const CALLS: [&[&str]; 2] = [&["plugin", "inspect"], &["sync", "nobody"]];

#[test]
fn piped_output_holds_no_escape_sequence() {
    let rollcall = program().unwrap();
    for call in CALLS {
        for more in [
            &[][..],
            &["--color", "auto"],
            &["--color", "never"],
            &["--json"],
        ] {
            let printed = printed(&rollcall, &[call, more].concat());
            assert!(!printed.is_empty());
            assert!(!printed.contains(&ESCAPE), "{call:?} {more:?}");
        }
    }
}

#[test]
fn colour_that_is_asked_for_comes_whatever_the_environment_says() {
    let plain = program().unwrap();
    let against = program().unwrap().with_variable("NO_COLOR", "1");
    for call in CALLS {
        let always = [call, &["--color", "always"]].concat();
        assert!(printed(&plain, &always).contains(&ESCAPE), "{call:?}");
        assert!(printed(&against, &always).contains(&ESCAPE), "{call:?}");
    }
}

#[test]
fn no_color_wins_over_a_wish_of_the_environment() {
    let forced = program().unwrap().with_variable("CLICOLOR_FORCE", "1");
    let against = program()
        .unwrap()
        .with_variable("CLICOLOR_FORCE", "1")
        .with_variable("NO_COLOR", "1");
    for call in CALLS {
        assert!(printed(&forced, call).contains(&ESCAPE), "{call:?}");
        assert!(!printed(&against, call).contains(&ESCAPE), "{call:?}");
    }
}
