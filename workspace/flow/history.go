package flow

import "strings"

// Histories are written in Zeek's letters, those of the source in upper case:
// S a SYN, H a SYN with ACK, A an ACK without payload, D payload, F a FIN, R a
// RST. Source: the history field of Zeek's conn.log.

// stateHistory is what happened in a connection of a Zeek conn_state without
// its history; "" for other states.
func stateHistory(state string) string {
	switch state {
	case "S0":
		return "S"
	case "S1":
		return "ShADad"
	case "SF":
		return "ShADadFf"
	case "REJ":
		return "Sr"
	case "S2":
		return "ShADadF"
	case "S3":
		return "ShADadf"
	case "RSTO":
		return "ShADadR"
	case "RSTR":
		return "ShADadr"
	case "RSTOS0":
		return "SR"
	case "RSTRH":
		return "hr"
	case "SH":
		return "SF"
	case "SHR":
		return "hf"
	case "OTH":
		return "AaDd"
	}
	return ""
}

// stateHistory is that of the state, "" where it has nothing of a side that the
// record counts packets of.
func (r *record) stateHistory(state string) string {
	history := stateHistory(state)
	for s := range r.sides {
		if r.sides[s].packets > 0 && lettersOf(history, s) == "" {
			return ""
		}
	}
	return history
}

// cleanHistory keeps the letters that are packets' of their own. A letter
// counts once: Zeek repeats some as packets grow in number.
func cleanHistory(history string) string {
	var b strings.Builder
	for _, c := range history {
		if strings.ContainsRune("SHADFRshadfr", c) && !strings.ContainsRune(b.String(), c) {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// tcpHistory finds what the table says of a TCP connection's course.
func (rr *recordReader) tcpHistory(r *record) {
	if r.proto != protoTCP {
		return
	}
	if text, ok := rr.value(roleHistory).(string); ok {
		if r.history = cleanHistory(text); r.history != "" {
			return
		}
	}
	if text, ok := rr.value(roleConnState).(string); ok {
		if r.history = r.stateHistory(strings.TrimSpace(text)); r.history != "" {
			return
		}
	}
	if text, ok := rr.value(roleState).(string); ok {
		text = strings.TrimSpace(text)
		if source, dest, two := strings.Cut(text, "_"); two { // Argus: the flags of each side
			r.sides[out].flags, r.sides[in].flags = 0, 0
			for i := range len(source) {
				r.sides[out].flags |= flagLetter(source[i])
			}
			for i := range len(dest) {
				r.sides[in].flags |= flagLetter(dest[i])
			}
			return
		}
		r.history = r.stateHistory(text)
		return
	}
	if rr.has(roleSYNs) { // CICFlowMeter counts packets of both sides
		h := ""
		if rr.count(roleSYNs) > 0 {
			h = "Sh"
		}
		h += "ADad"
		if rr.count(roleFINs) > 0 {
			h += "Ff"
		}
		if rr.count(roleRSTs) > 0 {
			h += "R"
		}
		r.history = h
	}
}

// course returns the history of a TCP record: the table's, what the flags of
// its sides make likely, or that of a whole connection. A record of one
// direction is a responder's where answers says so.
func (r *record) course(answers bool) (history string, given bool) {
	if r.history != "" {
		return r.history, true
	}
	o, i := &r.sides[out], &r.sides[in]
	two := o.packets > 0 && i.packets > 0
	if o.flags != unknown || i.flags != unknown {
		return flagHistory(o.flags, i.flags, two, answers), true
	}
	switch {
	case two:
		return "ShADadFf", false
	case o.packets > 1 && answers:
		return "HADF", false
	case o.packets > 2:
		return "SADF", false
	case o.packets == 2:
		return "SD", false
	}
	if extra := o.bytes - r.header(); !answers && extra <= 40 && extra%4 == 0 {
		return "S", false
	}
	return "D", false
}

// flagHistory is a history that has the given flags.
func flagHistory(source, dest int, two, answers bool) string {
	source, dest = max(source, 0), max(dest, 0)
	var b strings.Builder
	has := func(flags, bit int, letter byte) {
		if flags&bit != 0 {
			b.WriteByte(letter)
		}
	}
	if answers && source&flagACK != 0 {
		has(source, flagSYN, 'H')
	} else {
		has(source, flagSYN, 'S')
	}
	if dest&flagACK != 0 {
		has(dest, flagSYN, 'h')
	} else {
		has(dest, flagSYN, 's')
	}
	if source&flagSYN != 0 && !answers {
		has(source, flagACK, 'A')
	}
	has(source, flagPSH, 'D')
	has(dest, flagPSH, 'd')
	if two && source&flagFIN == 0 { // who closes first
		has(dest, flagFIN, 'f')
	} else {
		has(source, flagFIN, 'F')
		has(dest, flagFIN, 'f')
	}
	has(source, flagRST, 'R')
	has(dest, flagRST, 'r')
	return b.String()
}
