//! JSON errors without the values that serde quotes.
//!
//! serde's messages quote the value found (`invalid type: string "…"`), which is part of the body.
//! This error shows only what was expected, which comes from the type, and line and column.

use std::fmt;

/// An error of serde. Neither Display nor Debug shows values of the document.
pub struct JsonError(serde_json::Error);

impl JsonError {
    /// Returns the line in the document, from 1; 0 if the document is not the cause.
    pub fn line(&self) -> usize {
        self.0.line()
    }

    /// Returns the column in that line, from 1; 0 at the beginning of a line.
    pub fn column(&self) -> usize {
        self.0.column()
    }

    /// Whether the document is JSON but does not match the requested type.
    pub fn is_data(&self) -> bool {
        self.0.is_data()
    }

    /// Returns serde's own error. Its text may quote the document: treat it as secret.
    pub fn into_inner(self) -> serde_json::Error {
        self.0
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        JsonError(error)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let message =
            text.rfind(" at line ").and_then(|at| text.get(..at)).filter(|_| self.line() > 0).unwrap_or(&text);
        if self.is_data() {
            write_data(f, message)?;
        } else {
            // Syntax errors of serde_json quote nothing.
            f.write_str(message)?;
        }
        match self.line() {
            0 => Ok(()),
            line => write!(f, " at line {line} column {}", self.column()),
        }
    }
}

/// Writes serde's message about data of a wrong type, without the data.
fn write_data(f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
    // These field names come from the type.
    if ["missing field `", "duplicate field `"].iter().any(|start| message.starts_with(start)) {
        return f.write_str(message);
    }
    let kinds = ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"];
    let Some(kind) = kinds.iter().find(|kind| message.starts_with(*kind)) else {
        return f.write_str("the data does not match the requested type");
    };
    f.write_str(kind)?;
    // The expectation comes last, whatever the quoted value contains.
    match message.rsplit_once(", expected ") {
        Some((_, expected))
            if !message.ends_with(", there are no variants") && !message.ends_with(", there are no fields") =>
        {
            write!(f, ", expected {expected}")
        }
        _ => Ok(()),
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonError({self})")
    }
}

impl std::error::Error for JsonError {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::{DeserializeOwned, Error as _};

    fn error_text<T: DeserializeOwned + fmt::Debug>(json: &str) -> String {
        let error = JsonError::from(serde_json::from_str::<T>(json).unwrap_err());
        assert_eq!(format!("{error:?}"), format!("JsonError({error})"));
        error.to_string()
    }

    #[test]
    fn t96_no_value_of_the_document_is_shown() {
        for (shown, expected) in [
            (error_text::<u8>("\"canary\""), "invalid type, expected u8 at line 1 column 8"),
            (error_text::<u8>("\"canary, expected canary\""), "invalid type, expected u8 at line 1 column 25"),
            (error_text::<u8>("65537"), "invalid value, expected u8 at line 1 column 5"),
            (error_text::<(u8, u8)>("[1]"), "invalid length, expected a tuple of size 2 at line 1 column 3"),
            (error_text::<u8>("canary"), "expected value at line 1 column 1"),
            (error_text::<u8>(""), "EOF while parsing a value at line 1 column 0"),
        ] {
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn line_and_column_locate_the_error() {
        for (json, line, column) in [("[1,\n x]", 2, 2), ("[1,\n\n[]]", 3, 0), ("x", 1, 1), ("", 1, 0)] {
            let error = JsonError::from(serde_json::from_str::<Vec<u8>>(json).unwrap_err());
            assert_eq!((error.line(), error.column()), (line, column), "{json:?}");
        }
    }

    #[test]
    fn t96_names_outside_the_type_are_not_shown() {
        type Own = serde_json::Error;
        for (error, expected) in [
            (Own::unknown_variant("canary", &["One", "Two"]), "unknown variant, expected `One` or `Two`"),
            (Own::unknown_variant("canary, expected canary", &[]), "unknown variant"),
            (Own::unknown_field("canary", &["number"]), "unknown field, expected `number`"),
            (Own::unknown_field("canary, expected canary", &[]), "unknown field"),
            (Own::missing_field("number"), "missing field `number`"),
            (Own::duplicate_field("number"), "duplicate field `number`"),
            (Own::custom("canary"), "the data does not match the requested type"),
        ] {
            let error = JsonError::from(error);
            assert_eq!(error.to_string(), expected);
            assert!(error.is_data() && (error.line(), error.column()) == (0, 0));
        }
        assert!(JsonError::from(Own::custom("canary")).into_inner().to_string().contains("canary"));
    }
}
