// Package zeekio reads and writes Zeek's logs: tab-separated text with a
// #fields/#types header, and JSON, one record a line. Both give the same rows
// of package trace for the same log, and a log that is read and written
// untouched is equal record by record.
//
// # Values
//
// Zeek's types become columns so:
//
//	time                     TIMESTAMP_NS, read exactly from the decimal text or from ISO 8601
//	interval                 DOUBLE, seconds
//	count, int               BIGINT
//	port                     BIGINT, kind port
//	double                   DOUBLE
//	bool                     BOOLEAN
//	addr                     VARCHAR, kind address
//	enum                     VARCHAR, kind category (protocol where the field is proto)
//	string, subnet, pattern  VARCHAR, kind text
//	set[T], vector[T]        the list type of T (times in lists stay text)
//	anything else            VARCHAR, kind text, as the file has it
//
// An unset field is nil, an empty set is an empty list.
//
// Text is held as Zeek's own JSON logs write it: bytes that are no printable
// UTF-8 (all controls but \b \f \n \r \t) are kept as the four characters
// \xNN, everything else as itself. So the two formats agree, and every value
// is valid text for a database.
//
// # Records that are rejected
//
// A record is rejected, with its line and byte offset, when a value is not of
// its field's type, when it has no ts although the log has one, when some but
// not all of id.orig_h, id.orig_p, id.resp_h, id.resp_p are set, and when it
// belongs to another log (_path).
//
// # Column.Format
//
// Zeek's name of the type, then what JSON needs to write a value as it was,
// each after a semicolon: "iso=N" for an ISO 8601 time with N digits of second
// ("iso" alone for as many as needed), "ms" for a time in whole milliseconds,
// "in=A/B" for a field that stood in the nested objects A and B.
//
// # Schema.Props
//
//	separator, set_separator, empty_field, unset_field   of a TSV log, unescaped
//	path                                                 #path or _path
//	open                                                 #open, verbatim
//	eol                                                  "crlf" where lines end so
//	extra                                                JSON keys kept out of the table: "_path", "_write_ts", in order
//	write_ts                                             form of _write_ts, as in Column.Format
package zeekio
