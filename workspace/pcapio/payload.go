package pcapio

func fillUDP(payload []byte, sport, dport int) {}
func fillTCP(payload []byte, sport, dport int) {}
