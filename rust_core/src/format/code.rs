//! Format codes read into sections.

use super::date::{DateBody, DatePiece};
use super::number::{NumberBody, Piece};
use super::section::{Body, Comparison, Condition, Section};
use crate::error::{Error, Result};

/// Sections a code may have.
const MOST_SECTIONS: usize = 4;

/// The indexed colours of `[Color 1]` to `[Color 56]` (ECMA-376 Part 1 §18.8.27, indexes 8 to 63).
const PALETTE: [u32; 56] = [
    0x000000, 0xFFFFFF, 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00, 0xFF00FF, 0x00FFFF, 0x800000,
    0x008000, 0x000080, 0x808000, 0x800080, 0x008080, 0xC0C0C0, 0x808080, 0x9999FF, 0x993366,
    0xFFFFCC, 0xCCFFFF, 0x660066, 0xFF8080, 0x0066CC, 0xCCCCFF, 0x000080, 0xFF00FF, 0xFFFF00,
    0x00FFFF, 0x800080, 0x800000, 0x008080, 0x0000FF, 0x00CCFF, 0xCCFFFF, 0xCCFFCC, 0xFFFF99,
    0x99CCFF, 0xFF99CC, 0xCC99FF, 0xFFCC99, 0x3366FF, 0x33CCCC, 0x99CC00, 0xFFCC00, 0xFF9900,
    0xFF6600, 0x666699, 0x969696, 0x003366, 0x339966, 0x003300, 0x333300, 0x993300, 0x993366,
    0x333399, 0x333333,
];

/// What stands in a code, one piece at a time.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Literal(String),
    Digit(char),
    Point,
    Comma,
    Percent,
    Exponent {
        plus: bool,
    },
    At,
    General,
    /// A run of `y`, `m`, `d`, `h` or `s`.
    Part(char, usize),
    /// `[h]`, `[m]`, `[s]`.
    Elapsed(char, usize),
    HalfDay(String, String),
}

/// The code and how far it was read.
struct Reader<'a> {
    code: &'a str,
    at: usize,
}

/// The sections for numbers, and the one for text if the code has one.
///
/// # Errors
/// [`Error::Plan`] that names the code and the place.
pub fn parse(code: &str) -> Result<(Vec<Section>, Option<Section>)> {
    let mut reader = Reader { code, at: 0 };
    let mut sections = Vec::new();
    loop {
        if sections.len() == MOST_SECTIONS {
            return Err(reader.error(reader.at, "a code has at most four sections"));
        }
        let (section, more) = reader.section()?;
        sections.push(section);
        if !more {
            break;
        }
    }
    let is_text = |s: &Section| matches!(s.body, Body::Text(_) | Body::PlainText);
    // The fourth section is for text; so is a last one with `@`.
    let text = if sections.len() == MOST_SECTIONS
        || sections.len() > 1 && sections.last().is_some_and(is_text)
    {
        sections.pop()
    } else {
        None
    };
    // One section with `@` is for everything.
    let text = text.or_else(|| sections.iter().find(|s| is_text(s)).cloned());
    Ok((sections, text))
}

impl Reader<'_> {
    fn error(&self, at: usize, what: &str) -> Error {
        let place = self.code[..at].chars().count() + 1;
        Error::Plan(format!(
            "number format {:?}, character {place}: {what}",
            self.code
        ))
    }

    fn peek(&self) -> Option<char> {
        self.code[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Whether the code goes on with `word`, in any case; then it is read.
    fn word(&mut self, word: &str) -> bool {
        let found = self
            .code
            .get(self.at..self.at + word.len())
            .is_some_and(|w| w.eq_ignore_ascii_case(word));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Length of the run of `c` (in any case) that starts here; it is read.
    fn run(&mut self, c: char) -> usize {
        let mut n = 0;
        while self.peek().is_some_and(|p| p.eq_ignore_ascii_case(&c)) {
            self.next();
            n += 1;
        }
        n
    }

    /// One section, and whether a semicolon came after it.
    fn section(&mut self) -> Result<(Section, bool)> {
        let start = self.at;
        let mut section = Section {
            condition: None,
            color: None,
            body: Body::Literal(String::new()),
        };
        let mut tokens: Vec<Token> = Vec::new();
        let literal = |tokens: &mut Vec<Token>, text: &str| match tokens.last_mut() {
            Some(Token::Literal(before)) => before.push_str(text),
            _ => tokens.push(Token::Literal(text.to_owned())),
        };
        let mut more = false;
        loop {
            let at = self.at;
            if self.word("general") {
                tokens.push(Token::General);
                continue;
            }
            if self.word("am/pm") {
                tokens.push(Token::HalfDay("AM".to_owned(), "PM".to_owned()));
                continue;
            }
            if self.word("a/p") {
                let text = &self.code[at..self.at];
                tokens.push(Token::HalfDay(text[..1].to_owned(), text[2..].to_owned()));
                continue;
            }
            let Some(c) = self.next() else { break };
            match c {
                ';' => {
                    more = true;
                    break;
                }
                '"' => {
                    let length = self.code[self.at..]
                        .find('"')
                        .ok_or_else(|| self.error(at, "the quote is not closed"))?;
                    literal(&mut tokens, &self.code[self.at..self.at + length]);
                    self.at += length + 1;
                }
                '\\' | '_' | '*' => {
                    let next = self
                        .next()
                        .ok_or_else(|| self.error(at, "a character must follow"))?;
                    match c {
                        '\\' => literal(&mut tokens, next.encode_utf8(&mut [0; 4])),
                        // As wide as the character: in plain text a space.
                        '_' => literal(&mut tokens, " "),
                        // Fills the cell's width, which plain text does not have.
                        _ => {}
                    }
                }
                '[' => {
                    let length = self.code[self.at..]
                        .find(']')
                        .ok_or_else(|| self.error(at, "the bracket is not closed"))?;
                    let inside = self.code[self.at..self.at + length].to_owned();
                    self.at += length + 1;
                    match self.bracket(at, &inside, &mut section)? {
                        Some(Token::Literal(text)) => literal(&mut tokens, &text),
                        Some(token) => tokens.push(token),
                        None => {}
                    }
                }
                '0' | '#' | '?' => tokens.push(Token::Digit(c)),
                '.' => tokens.push(Token::Point),
                ',' => tokens.push(Token::Comma),
                '%' => tokens.push(Token::Percent),
                '@' => tokens.push(Token::At),
                'E' | 'e' if matches!(self.peek(), Some('+' | '-')) => {
                    tokens.push(Token::Exponent {
                        plus: self.next() == Some('+'),
                    });
                }
                'e' => tokens.push(Token::Part('y', 4)),
                'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => {
                    let c = c.to_ascii_lowercase();
                    let n = 1 + self.run(c);
                    let most = match c {
                        'y' | 'd' => 4,
                        'm' => 5,
                        _ => 2,
                    };
                    if n > most {
                        return Err(self.error(
                            at,
                            &format!("{c:?} stands here {n} times; at most {most} mean something"),
                        ));
                    }
                    tokens.push(Token::Part(c, n));
                }
                c if c.is_ascii_alphabetic() => {
                    return Err(self.error(
                        at,
                        &format!("{c:?} means nothing here; text goes in double quotes"),
                    ));
                }
                c => literal(&mut tokens, c.encode_utf8(&mut [0; 4])),
            }
        }
        section.body = self.body(start, tokens)?;
        Ok((section, more))
    }

    /// What `[...]` says: a colour, a condition, elapsed time, a currency.
    fn bracket(&self, at: usize, inside: &str, section: &mut Section) -> Result<Option<Token>> {
        let lower = inside.to_ascii_lowercase();
        let color = match lower.as_str() {
            "black" => Some([0, 0, 0]),
            "blue" => Some([0, 0, 255]),
            "cyan" => Some([0, 255, 255]),
            "green" => Some([0, 255, 0]),
            "magenta" => Some([255, 0, 255]),
            "red" => Some([255, 0, 0]),
            "white" => Some([255, 255, 255]),
            "yellow" => Some([255, 255, 0]),
            _ => None,
        };
        if color.is_some() {
            section.color = color;
            return Ok(None);
        }
        if let Some(number) = lower.strip_prefix("color") {
            let rgb = number
                .trim()
                .parse::<usize>()
                .ok()
                .and_then(|n| PALETTE.get(n.checked_sub(1)?))
                .ok_or_else(|| self.error(at, "colours are [Color 1] to [Color 56]"))?;
            let [_, r, g, b] = rgb.to_be_bytes();
            section.color = Some([r, g, b]);
            return Ok(None);
        }
        if let Some(currency) = inside.strip_prefix('$') {
            // `[$€-407]`: a symbol and a locale, which only says how Excel's own dialogs show it.
            let symbol = currency.split('-').next().unwrap_or_default();
            return Ok(Some(Token::Literal(symbol.to_owned())));
        }
        if inside.starts_with(['<', '>', '=']) {
            let digits = inside.trim_start_matches(['<', '>', '=']);
            let comparison = match &inside[..inside.len() - digits.len()] {
                "<" => Comparison::Less,
                "<=" => Comparison::LessOrEqual,
                "=" => Comparison::Equal,
                "<>" => Comparison::NotEqual,
                ">=" => Comparison::GreaterOrEqual,
                ">" => Comparison::Greater,
                _ => return Err(self.error(at, "no such comparison")),
            };
            let limit = digits
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|limit| limit.is_finite())
                .ok_or_else(|| self.error(at, "a condition compares with a number: [>=100]"))?;
            section.condition = Some(Condition { comparison, limit });
            return Ok(None);
        }
        let first = lower.chars().next();
        if let Some(c @ ('h' | 'm' | 's')) = first
            && lower.chars().all(|other| other == c)
        {
            return Ok(Some(Token::Elapsed(c, lower.len())));
        }
        Err(self.error(
            at,
            &format!("[{inside}] is neither a colour nor a condition nor a time"),
        ))
    }

    fn body(&self, start: usize, tokens: Vec<Token>) -> Result<Body> {
        let has = |wanted: fn(&Token) -> bool| tokens.iter().any(wanted);
        let date = has(|t| matches!(t, Token::Part(..) | Token::Elapsed(..) | Token::HalfDay(..)));
        let digits = has(|t| matches!(t, Token::Digit(_)));
        if has(|t| *t == Token::General) {
            return match tokens.as_slice() {
                [Token::General] => Ok(Body::General),
                _ => self.general(start, tokens),
            };
        }
        if has(|t| *t == Token::At) {
            if date || digits {
                return Err(self.error(
                    start,
                    "@ stands for text; digits and dates have their own sections",
                ));
            }
            if tokens == [Token::At] {
                return Ok(Body::PlainText);
            }
            let mut pieces = vec![String::new()];
            for token in tokens {
                match token {
                    Token::At => pieces.push(String::new()),
                    other => {
                        let last = pieces.len() - 1;
                        pieces[last].push_str(&plain(&other));
                    }
                }
            }
            return Ok(Body::Text(pieces));
        }
        if date {
            return self.date(start, tokens);
        }
        if digits {
            return self.number(start, tokens);
        }
        Ok(Body::Literal(tokens.iter().map(plain).collect()))
    }

    fn general(&self, start: usize, tokens: Vec<Token>) -> Result<Body> {
        let (mut before, mut after, mut seen) = (String::new(), String::new(), false);
        for token in tokens {
            match token {
                Token::General if seen => {
                    return Err(self.error(start, "General stands twice in a section"));
                }
                Token::General => seen = true,
                Token::Literal(text) if seen => after.push_str(&text),
                Token::Literal(text) => before.push_str(&text),
                _ => return Err(self.error(start, "General stands alone or with quoted text")),
            }
        }
        Ok(Body::GeneralWith(before, after))
    }

    fn number(&self, start: usize, tokens: Vec<Token>) -> Result<Body> {
        if let Some(slash) = tokens
            .windows(2)
            .position(|w| matches!(w, [Token::Digit(_), Token::Literal(t)] if t.starts_with('/')))
            && matches!(tokens.get(slash + 2), Some(Token::Digit(_)) | None)
        {
            return Err(self.error(start, "fractions are not supported; use decimals"));
        }
        let is_digit = |t: &Token| matches!(t, Token::Digit(_));
        let end = tokens
            .iter()
            .position(|t| matches!(t, Token::Point | Token::Exponent { .. }))
            .unwrap_or(tokens.len());
        let first = tokens[..end].iter().position(is_digit);
        let last = tokens[..end].iter().rposition(is_digit);
        let last_digit = tokens.iter().rposition(is_digit);
        let (mut group, mut shift, mut pieces) = (false, 0, Vec::new());
        let (mut points, mut exponents) = (0, 0);
        for (i, token) in tokens.iter().enumerate() {
            match token {
                Token::Literal(text) => pieces.push(Piece::Literal(text.clone())),
                Token::Percent => {
                    shift += 2;
                    pieces.push(Piece::Literal("%".to_owned()));
                }
                Token::Comma => {
                    if first.is_some_and(|f| f < i) && last.is_some_and(|l| i < l) {
                        group = true;
                    } else if last.is_some_and(|l| l < i) && i < end
                        || last_digit.is_some_and(|l| l < i)
                    {
                        // After the last place: in thousands.
                        shift -= 3;
                    } else {
                        pieces.push(Piece::Literal(",".to_owned()));
                    }
                }
                Token::Point => {
                    points += 1;
                    pieces.push(Piece::Point);
                }
                Token::Exponent { plus } => {
                    exponents += 1;
                    let width = tokens[i + 1..].iter().take_while(|t| is_digit(t)).count();
                    if width == 0 {
                        return Err(self.error(start, "the exponent has no places: E+00"));
                    }
                    pieces.push(Piece::Exponent { plus: *plus, width });
                }
                Token::Digit(c) => pieces.push(Piece::Digit(*c)),
                _ => return Err(self.error(start, "digits and dates do not go together")),
            }
        }
        if points > 1 || exponents > 1 {
            return Err(self.error(start, "more than one decimal point or exponent"));
        }
        Ok(Body::Number(NumberBody::new(pieces, group, shift)))
    }

    fn date(&self, start: usize, tokens: Vec<Token>) -> Result<Body> {
        let mut pieces: Vec<DatePiece> = Vec::new();
        let mut i = 0;
        while i < tokens.len() {
            let before = tokens[..i].iter().rev().find(|t| is_time(t));
            let after = tokens[i + 1..].iter().find(|t| is_time(t));
            pieces.push(match &tokens[i] {
                Token::Part('y', n) => DatePiece::Year(if *n <= 2 { 2 } else { 4 }),
                Token::Part('d', n) => DatePiece::Day(*n),
                Token::Part('h', n) => DatePiece::Hour(*n),
                Token::Part('s', n) => DatePiece::Second(*n),
                // Beside hours or seconds it is minutes, elsewhere the month.
                Token::Part(_, n) if *n <= 2 && (is_hour(before) || is_second(after)) => {
                    DatePiece::Minute(*n)
                }
                Token::Part(_, n) => DatePiece::Month(*n),
                Token::Elapsed('h', n) => DatePiece::ElapsedHours(*n),
                Token::Elapsed('m', n) => DatePiece::ElapsedMinutes(*n),
                Token::Elapsed(_, n) => DatePiece::ElapsedSeconds(*n),
                Token::HalfDay(am, pm) => DatePiece::HalfDay(am.clone(), pm.clone()),
                Token::Point if matches!(tokens.get(i + 1), Some(Token::Digit('0'))) => {
                    let zeros = tokens[i + 1..]
                        .iter()
                        .take_while(|t| **t == Token::Digit('0'))
                        .count();
                    if zeros > 3 {
                        return Err(self.error(start, "seconds have at most three decimals"));
                    }
                    i += zeros;
                    DatePiece::Fraction(zeros)
                }
                Token::Digit(_) | Token::Exponent { .. } | Token::Percent => {
                    return Err(self.error(start, "digits and dates do not go together"));
                }
                other => DatePiece::Literal(plain(other)),
            });
            i += 1;
        }
        Ok(Body::Date(DateBody::new(pieces)))
    }
}

fn is_time(token: &Token) -> bool {
    matches!(token, Token::Part(..) | Token::Elapsed(..))
}

fn is_hour(token: Option<&Token>) -> bool {
    matches!(token, Some(Token::Part('h', _) | Token::Elapsed('h', _)))
}

fn is_second(token: Option<&Token>) -> bool {
    matches!(token, Some(Token::Part('s', _) | Token::Elapsed('s', _)))
}

/// A token in a section where it is only text.
fn plain(token: &Token) -> String {
    match token {
        Token::Literal(text) => text.clone(),
        Token::Point => ".".to_owned(),
        Token::Comma => ",".to_owned(),
        Token::Percent => "%".to_owned(),
        _ => String::new(),
    }
}
