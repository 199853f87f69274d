package dissect

// protocols returns the protocols by which connections are read, in the order
// of their names; conn is none of them.
func protocols() []protocol {
	return []protocol{dnsProtocol(), httpProtocol(), modbusProtocol(), sslProtocol(), syslogProtocol()}
}
