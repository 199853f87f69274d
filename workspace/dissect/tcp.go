package dissect

// tcpState is what is known of a TCP connection.
type tcpState struct{}
