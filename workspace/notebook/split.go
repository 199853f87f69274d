package notebook

import "strings"

// Statement is one SQL statement of a longer text.
type Statement struct {
	Text string // without the semicolon and the blanks around it
	Line int    // where it begins, counted from 1
}

// Split cuts an SQL text into its statements at the semicolons that stand
// outside of quotes, dollar quotes and comments. What follows the last
// semicolon is a statement too, unless it is but blanks and comments.
func Split(text string) []Statement {
	var s Splitter
	all := s.Feed(text)
	if last, ok := s.Rest(); ok {
		all = append(all, last)
	}
	return all
}

// Splitter cuts a text that comes in whole lines. The zero value is ready.
type Splitter struct {
	buf       []byte // what has not been given out
	pos       int    // how much of buf was looked at
	line      int    // newlines before buf[pos]
	startLine int    // of the first thing in buf that is no blank or comment, from 1; 0 where there is none
	start     int    // and its place in buf
	inside    byte   // what pos is in: ' or " a quote, E an escaped one, $ a dollar quote, - or * a comment, 0 none
	tag       string // what ends the dollar quote
	depth     int    // of the comments in comments
}

// Open reports whether the text ends within a statement, a quote or a comment.
func (s *Splitter) Open() bool {
	return s.startLine > 0 || s.inside == '*'
}

// Pending is what has been fed and not given out, blanks and comments too.
func (s *Splitter) Pending() string { return string(s.buf) }

// Rest returns what follows the last semicolon, and false where it is but
// blanks and comments.
func (s *Splitter) Rest() (Statement, bool) {
	if s.startLine == 0 {
		return Statement{}, false
	}
	return Statement{strings.TrimSpace(string(s.buf[s.start:])), s.startLine}, true
}

// Feed takes more of the text and returns the statements that it ends.
func (s *Splitter) Feed(lines string) []Statement {
	s.buf = append(s.buf, lines...)
	var done []Statement
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		if c == '\n' {
			s.line++
		}
		if s.inside != 0 {
			s.skipInside(c)
			continue
		}
		next := byte(0)
		if s.pos+1 < len(s.buf) {
			next = s.buf[s.pos+1]
		}
		switch {
		case c == ';':
			if s.startLine > 0 {
				done = append(done, Statement{strings.TrimSpace(string(s.buf[s.start:s.pos])), s.startLine})
			}
			s.buf, s.pos, s.startLine = s.buf[s.pos+1:], 0, 0
			continue
		case c == '-' && next == '-':
			s.inside = '-'
			s.pos += 2
			continue
		case c == '/' && next == '*':
			s.inside, s.depth = '*', 1
			s.pos += 2
			continue
		case c == ' ' || c >= '\t' && c <= '\r':
			s.pos++
			continue
		}
		if s.startLine == 0 {
			s.start, s.startLine = s.pos, s.line+1
		}
		switch {
		case c == '"':
			s.inside = c
		case c == '\'':
			s.inside = c
			if s.pos > 0 && s.buf[s.pos-1]|0x20 == 'e' && !(s.pos > 1 && isWord(s.buf[s.pos-2])) {
				s.inside = 'E'
			}
		case c == '$':
			if tag := s.dollarTag(); tag != "" {
				s.inside, s.tag = '$', tag
				s.pos += len(tag)
				continue
			}
		}
		s.pos++
	}
	return done
}

// skipInside moves on by a character of a quote or a comment.
func (s *Splitter) skipInside(c byte) {
	at := s.buf[s.pos:]
	switch s.inside {
	case '-':
		if c == '\n' {
			s.inside = 0
		}
	case '*':
		switch {
		case len(at) > 1 && c == '*' && at[1] == '/':
			s.pos++
			if s.depth--; s.depth == 0 {
				s.inside = 0
			}
		case len(at) > 1 && c == '/' && at[1] == '*':
			s.pos++
			s.depth++
		}
	case '$':
		if strings.HasPrefix(string(at[:min(len(at), len(s.tag))]), s.tag) {
			s.pos += len(s.tag) - 1
			s.inside = 0
		}
	case 'E':
		switch c {
		case '\\':
			if len(at) > 1 && at[1] != '\n' {
				s.pos++
			}
		case '\'':
			s.inside = 0
		}
	default: // a quote, whose doubled end opens it again
		if c == s.inside {
			s.inside = 0
		}
	}
	s.pos++
}

// dollarTag returns the $tag$ that begins at pos, "" where there is none.
func (s *Splitter) dollarTag() string {
	if s.pos > 0 && isWord(s.buf[s.pos-1]) {
		return ""
	}
	for i, c := range s.buf[s.pos+1:] {
		switch {
		case c == '$':
			return string(s.buf[s.pos : s.pos+i+2])
		case !isWord(c) || i == 0 && c >= '0' && c <= '9': // $1 is a parameter
			return ""
		}
	}
	return ""
}

// isWord reports whether a byte may be part of an identifier.
func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
