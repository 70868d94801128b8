//! Which pictures come over: those of a kind that portals show, up to a size.

use crate::field::Field;
use crate::problem::Problem;

/// How the kinds begin, in base64 (RFC 4648 section 4): JPEG, PNG, GIF 87a and 89a. Of the first two the last character
/// holds bits of the next byte too.
const BEGINNINGS: [&str; 4] = ["/9j/", "iVBORw0KGg", "R0lGODdh", "R0lGODlh"];

/// Why a picture stays out: it is none, or larger than so many bytes or than the field. `text` is base64.
pub(super) fn trouble(field: &Field, text: &str, most: usize) -> Option<Problem> {
    let problem = |code, message: String, remedy: &str| {
        Some(Problem::new(code, message, remedy).of_field(&field.id))
    };
    if !BEGINNINGS
        .iter()
        .any(|beginning| text.starts_with(beginning))
    {
        return problem(
            "photo-unreadable",
            format!("{} is no JPEG, PNG or GIF", field.label),
            "Replace it in the directory, or map an attribute that holds pictures.",
        );
    }
    let bytes = text.trim_end_matches('=').len() / 4 * 3
        + match text.trim_end_matches('=').len() % 4 {
            0 => 0,
            rest => rest - 1,
        };
    let long = field.max_length > 0 && text.len() > field.max_length as usize;
    if bytes > most || long {
        return problem(
            "photo-too-large",
            format!("{} has {} KiB", field.label, bytes.div_ceil(1024)),
            "Make it smaller in the directory, or raise the largest size in the settings as far as the portal takes it.",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::base64;
    use crate::field::FieldKind;

    fn code(bytes: &[u8], most: usize, max_length: u32) -> Option<&'static str> {
        let field = Field {
            max_length,
            ..Field::plain("photo", FieldKind::Image)
        };
        trouble(&field, &base64(bytes), most).map(|problem| problem.code)
    }

    #[test]
    fn a_picture_within_the_limits_comes_and_a_byte_more_does_not() {
        let picture = |length: usize| {
            let mut bytes = vec![7; length];
            bytes[..3].copy_from_slice(&[0xff, 0xd8, 0xff]);
            bytes
        };
        for length in 10..16 {
            assert_eq!(code(&picture(length), length, 0), None, "{length}");
            assert_eq!(
                code(&picture(length), length - 1, 0),
                Some("photo-too-large")
            );
        }
        assert_eq!(code(&picture(12), 99, 16), None);
        assert_eq!(code(&picture(13), 99, 16), Some("photo-too-large"));
    }

    #[test]
    fn pictures_are_told_by_their_first_bytes() {
        for picture in [
            &b"\xff\xd8\xff\xe0JFIF"[..],
            b"\xff\xd8\xff\xdb",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"GIF87a..",
            b"GIF89a..",
        ] {
            assert_eq!(code(picture, 100, 0), None, "{picture:?}");
        }
        for other in [
            &b"BM......"[..],
            b"<svg/>",
            b"\xff\xd8",
            b"\x89PNG\n",
            b"GIF90a..",
        ] {
            assert_eq!(code(other, 100, 0), Some("photo-unreadable"), "{other:?}");
        }
    }
}
