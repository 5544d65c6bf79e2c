use proptest::prelude::*;

use super::*;

fn text(code: &str, value: Value<'_>) -> String {
    let mut out = String::new();
    NumberFormat::parse(code)
        .unwrap_or_else(|e| panic!("{e}"))
        .write(value, &mut out);
    out
}

fn decimal(mantissa: i128, scale: i8) -> Value<'static> {
    Value::Decimal { mantissa, scale }
}

/// What Excel shows for a number under a code.
#[test]
fn numbers_read_as_excel_shows_them() {
    for (code, value, expected) in [
        ("0", 1234.5, "1235"),
        ("0", -1234.5, "-1235"),
        ("0", 0.5, "1"),
        ("0", 0.4999, "0"),
        ("0.00", 1.005, "1.01"),
        ("0.00", 2.675, "2.68"),
        ("0.00", -0.125, "-0.13"),
        ("#,##0", 0.0, "0"),
        ("#,##0", 999.0, "999"),
        ("#,##0", 1000.0, "1,000"),
        ("#,##0", 999_999.5, "1,000,000"),
        ("#,##0.00", 1_234_567.891, "1,234,567.89"),
        ("#,###", 0.0, ""),
        ("#", 0.0, ""),
        ("#.##", 0.0, "."),
        ("#.##", 1.5, "1.5"),
        ("#.##", 12.0, "12."),
        ("0.##", 12.345, "12.35"),
        ("0.", 5.0, "5."),
        (".00", 0.5, ".50"),
        (".00", 12.5, "12.50"),
        ("00000", 123.0, "00123"),
        ("0,000", 12.0, "0,012"),
        ("000-00-0000", 123_456_789.0, "123-45-6789"),
        ("(000) 000-0000", 5_551_234_567.0, "(555) 123-4567"),
        ("???.???", 12.5, " 12.5  "),
        ("0%", 0.256, "26%"),
        ("0.0%", 0.2565, "25.7%"),
        ("#,##0,", 1_234_567.0, "1,235"),
        ("0.0,,", 12_345_678.0, "12.3"),
        ("#,##0.0,\"k\"", 12_345.0, "12.3k"),
        ("0.00E+00", 12_345.0, "1.23E+04"),
        ("0.00E+00", 0.000_123_45, "1.23E-04"),
        ("0.00E-00", 12_345.0, "1.23E04"),
        ("0.0E+0", 9.96, "1.0E+1"),
        ("0E+0", 0.0, "0E+0"),
        ("##0.0E+0", 12_345.0, "12.3E+3"),
        ("##0.0E+0", 123_456.0, "123.5E+3"),
        ("$#,##0.00", -5.0, "-$5.00"),
        ("[$€-407] #,##0.00", 1234.5, "€ 1,234.50"),
        ("#,##0;(#,##0)", -1234.0, "(1,234)"),
        ("#,##0_);(#,##0)", 1234.0, "1,234 "),
        ("#,##0;[Red]-#,##0", -1234.0, "-1,234"),
        ("0;-0;\"none\"", 0.0, "none"),
        ("0;;", -3.0, ""),
        ("0;", -3.0, ""),
        ("0.0;;0", 2.0, "2.0"),
        ("[>=100]0;[<0]\"under \"0;\"low\"", 250.0, "250"),
        ("[>=100]0;[<0]\"under \"0;\"low\"", -3.0, "under 3"),
        ("[>=100]0;[<0]\"under \"0;\"low\"", 50.0, "low"),
        ("[<1]0.00;0", 0.5, "0.50"),
        ("[<1]0.00;0", 7.0, "7"),
        ("*-0", 5.0, "5"),
        ("\"Rows: \"0", 5.0, "Rows: 5"),
        ("0\\x", 5.0, "5x"),
        ("General", 1.5, "1.5"),
        ("General\" pcs\"", -3.0, "-3 pcs"),
        ("General;General", -3.5, "3.5"),
        ("@", 12.5, "12.5"),
        ("0.00", -0.001, "-0.00"),
        ("0.00", 1e15, "1000000000000000.00"),
        ("0", 1e22, "10000000000000000000000"),
        ("0.000", f64::MIN_POSITIVE, "0.000"),
        ("yyyy-mm-dd", 41_275.0, "2013-01-01"),
        ("yyyy-mm-dd", 1.0, "1900-01-01"),
        ("yyyy-mm-dd", 61.0, "1900-03-01"),
        ("h:mm AM/PM", 0.75, "6:00 PM"),
        ("yyyy", -1.0, "########"),
    ] {
        assert_eq!(
            text(code, Value::Float(value)),
            expected,
            "{value} as {code}"
        );
    }
}

#[test]
fn general_gives_a_float_eleven_characters() {
    for (value, expected) in [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (1.0 / 3.0, "0.333333333"),
        (-1.0 / 3.0, "-0.333333333"),
        (1_234_567.891_234, "1234567.891"),
        (12_345_678_901.0, "12345678901"),
        (123_456_789_012.0, "1.23457E+11"),
        (99_999_999_999.5, "1E+11"),
        (0.000_123_456_789, "0.000123457"),
        (0.000_012_34, "1.234E-05"),
        (1e100, "1E+100"),
        (-1.5e-7, "-1.5E-07"),
    ] {
        assert_eq!(text("General", Value::Float(value)), expected, "{value}");
    }
}

#[test]
fn exact_numbers_keep_every_digit() {
    assert_eq!(text("", Value::Int(123_456_789_012_345)), "123456789012345");
    assert_eq!(text("", decimal(-1_234_500, 4)), "-123.45");
    assert_eq!(text("", decimal(5, 3)), "0.005");
    assert_eq!(
        text("#,##0", Value::Int(i128::MIN)),
        "-170,141,183,460,469,231,731,687,303,715,884,105,728"
    );
    assert_eq!(text("0.00", decimal(995, 3)), "1.00");
    assert_eq!(text("0.00", decimal(-1_005, 3)), "-1.01");
    assert_eq!(text("0.0000", decimal(7, -2)), "700.0000");
}

#[test]
fn dates_and_times_read_as_excel_shows_them() {
    // 2013-01-09 15:04:05.678, a Wednesday.
    let micros = 15_714 * 86_400_000_000 + 54_245_678_000;
    for (code, expected) in [
        ("", "2013-01-09 15:04:05.678"),
        ("yyyy-mm-dd", "2013-01-09"),
        ("yy/m/d", "13/1/9"),
        ("dd.mm.yyyy", "09.01.2013"),
        ("ddd, d mmm yyyy", "Wed, 9 Jan 2013"),
        ("dddd d mmmm", "Wednesday 9 January"),
        ("mmmmm", "J"),
        ("hh:mm:ss", "15:04:06"),
        ("h:mm AM/PM", "3:04 PM"),
        ("h A/P", "3 P"),
        ("hh:mm:ss.000", "15:04:05.678"),
        ("ss.0", "05.7"),
        ("mm:ss", "04:06"),
        ("m/d/yyyy h:mm", "1/9/2013 15:04"),
        ("[h]:mm", "990807:04"),
        ("yyyy\"年\"m\"月\"", "2013年1月"),
        ("[$-409]d-mmm-yy;@", "9-Jan-13"),
    ] {
        assert_eq!(text(code, Value::Timestamp(micros)), expected, "{code}");
    }
    assert_eq!(text("", Value::Date(0)), "1970-01-01");
    assert_eq!(text("0", Value::Date(0)), "25569");
    assert_eq!(text("", Value::Date(-719_162)), "0001-01-01");
    assert_eq!(text("", Value::Time(3_661_000_000)), "01:01:01");
    assert_eq!(text("[mm]:ss", Value::Time(3_661_000_000)), "61:01");
    assert_eq!(
        text("hh:mm:ss", Value::Timestamp(86_399_600_000)),
        "00:00:00"
    );
    assert_eq!(
        text("yyyy-mm-dd", Value::Timestamp(86_399_600_000)),
        "1970-01-01"
    );
    assert_eq!(text("h AM/PM", Value::Time(0)), "12 AM");
}

#[test]
fn texts_go_to_the_text_section() {
    assert_eq!(text("0;-0;0;\"<\"@\">\"", Value::Text("é")), "<é>");
    assert_eq!(text("0.00", Value::Text("n/a")), "n/a");
    assert_eq!(text("@\" (\"@\")\"", Value::Text("a")), "a (a)");
    assert_eq!(text("0;@", Value::Text("a")), "a");
    assert_eq!(text("0", Value::Null), "");
    assert_eq!(text("0", Value::Bool(true)), "TRUE");
    assert_eq!(text("0", Value::Float(f64::NAN)), "#NUM!");
}

#[test]
fn colours_follow_the_section() {
    let red = Some([255, 0, 0]);
    let format = NumberFormat::parse("[Blue]0;[Red]-0;0;[Color 10]@").expect("a code");
    assert_eq!(format.color(Value::Int(1)), Some([0, 0, 255]));
    assert_eq!(format.color(Value::Int(-1)), red);
    assert_eq!(format.color(Value::Int(0)), None);
    assert_eq!(format.color(Value::Text("x")), Some([0, 128, 0]));
    let format = NumberFormat::parse("[Red][>100]0;0").expect("a code");
    assert_eq!(format.color(Value::Int(101)), red);
    assert_eq!(format.color(Value::Int(100)), None);
}

#[test]
fn a_bad_code_is_named_with_the_place() {
    for (code, place) in [
        ("0.00 Q", "character 6"),
        ("\"open", "character 1"),
        ("[Red", "character 1"),
        ("[Purple]0", "character 1"),
        ("[Color 57]0", "character 1"),
        ("[>x]0", "character 1"),
        ("0;0;0;@;0", "character 9"),
        ("0\\", "character 2"),
        ("yyyyy", "character 1"),
        ("0 yyyy", "character 1"),
        ("0.0.0", "character 1"),
        ("# ?/?", "character 1"),
    ] {
        let error = NumberFormat::parse(code).expect_err(code).to_string();
        assert!(
            error.contains(place) && error.contains("number format"),
            "{error}"
        );
    }
}

#[test]
fn only_plain_codes_are_general() {
    assert!(NumberFormat::general().is_general());
    for (code, general) in [
        ("General", true),
        ("@", true),
        ("0", false),
        ("[Red]General", false),
    ] {
        let format = NumberFormat::parse(code).expect("a code");
        assert_eq!(format.is_general(), general, "{code}");
    }
    assert!(NumberFormat::parse("yyyy").expect("a code").is_date());
}

proptest! {
    #[test]
    fn grouped_digits_read_back_as_the_number(v: i64) {
        let shown = text("#,##0", Value::Int(i128::from(v)));
        prop_assert_eq!(shown.replace(',', "").parse::<i64>().ok(), Some(v));
    }

    #[test]
    fn decimals_round_half_away_from_zero(v in -1_000_000_000i128..1_000_000_000, scale in 0i8..6) {
        let shown = text("0.0", decimal(v, scale));
        let unit = 10i128.pow(scale as u32);
        let tenths = (v.abs() * 10 + unit / 2) / unit;
        let sign = if v < 0 { "-" } else { "" };
        prop_assert_eq!(shown, format!("{sign}{}.{}", tenths / 10, tenths % 10));
    }

    #[test]
    fn a_float_with_enough_decimals_reads_back(v in -1e9f64..1e9) {
        let shown = text("0.00000000000000000000000000", Value::Float(v));
        prop_assert_eq!(shown.parse::<f64>().ok(), Some(v));
    }

    #[test]
    fn no_code_panics(code in "[0#?.,%;@EGenral yYmMdhsAP/\\[\\]<>=$\"_*\\\\-]{0,12}", v: f64, d: i32, t: i64) {
        if let Ok(format) = NumberFormat::parse(&code) {
            let mut out = String::new();
            for value in [Value::Float(v), Value::Date(d), Value::Timestamp(t), Value::Text("x")] {
                format.write(value, &mut out);
                format.color(value);
            }
        }
    }
}
