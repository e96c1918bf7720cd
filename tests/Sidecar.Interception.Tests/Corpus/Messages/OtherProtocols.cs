using static Sidecar.Interception.Tests.Corpus.Messages.Exchange;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>The first words of protocols that pods speak beside HTTP.</summary>
internal static class OtherProtocols
{
    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        Dialogue("smtp", "220 mail.test ESMTP\r\n", ("EHLO a.test\r\n", "250-mail.test\r\n250 SIZE 1000\r\n"), ("MAIL FROM:<a@b>\r\n", "250 ok\r\n"), ("QUIT\r\n", "221 bye\r\n")),
        Dialogue("smtp-on-its-port", "220 mail.test ESMTP\r\n", ("EHLO a.test\r\n", "250 ok\r\n"), ("QUIT\r\n", "221 bye\r\n")) with { Port = 25 },
        Dialogue("ftp", "220 ftp\r\n", ("USER anonymous\r\n", "331 password\r\n"), ("QUIT\r\n", "221 bye\r\n")),
        Dialogue("imap", "* OK IMAP4rev1\r\n", ("a1 NOOP\r\n", "a1 OK\r\n"), ("a2 LOGOUT\r\n", "* BYE\r\n")),
        Dialogue("mysql-like", "\u004a\u0000\u0000\u0000\u000a8.0.1\u0000" + Noise(60), ("\u0020\u0000\u0000\u0001" + Noise(32), "\u0007\u0000\u0000\u0002\u0000\u0000\u0000\u0002\u0000\u0000\u0000")),
        Dialogue("mysql-on-its-port", "\u004a\u0000\u0000\u0000\u000a8.0.1\u0000" + Noise(60), ("\u0020\u0000\u0000\u0001" + Noise(32), "\u0007\u0000\u0000\u0002\u0000\u0000\u0000\u0002\u0000\u0000\u0000")) with { Port = 3306 },
        Dialogue("nats", "INFO {\"server_id\":\"x\"}\r\n", ("CONNECT {}\r\nPING\r\n", "PONG\r\n"), ("PUB a 2\r\nhi\r\n", "+OK\r\n")),
        Dialogue("ssh", "SSH-2.0-server\r\n", ("SSH-2.0-client\r\n", Noise(200)), (Noise(100), Noise(50))),
        Dialogue("redis-inline", "", ("PING\r\n", "+PONG\r\n"), ("SET a 1\r\n", "+OK\r\n"), ("GET a\r\n", "$1\r\n1\r\n")),
        Dialogue("redis-inline-get-first", "", ("GET a\r\n", "$-1\r\n"), ("GET b\r\n", "$-1\r\n")),
        Dialogue("redis-resp", "", ("*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "$5\r\nhello\r\n"), ("*1\r\n$4\r\nPING\r\n", "+PONG\r\n")),
        Dialogue("redis-on-its-port", "", ("*1\r\n$4\r\nPING\r\n", "+PONG\r\n")) with { Port = 6379 },
        Dialogue("postgresql-startup", "", ("\u0000\u0000\u0000\u0029\u0000\u0003\u0000\u0000user\u0000corpus\u0000database\u0000corpus\u0000\u0000\u0000\u0000\u0000\u0000\u0000", "R\u0000\u0000\u0000\u0008\u0000\u0000\u0000\u0000"), ("Q\u0000\u0000\u0000\u000dSELECT 1\u0000", "C\u0000\u0000\u0000\u000dSELECT 1\u0000Z\u0000\u0000\u0000\u0005I")),
        Dialogue("postgresql-ssl-request", "", ("\u0000\u0000\u0000\u0008\u0004\u00d2\u0016\u002f", "N"), ("\u0000\u0000\u0000\u0009\u0000\u0003\u0000\u0000\u0000", "E\u0000\u0000\u0000\u0005\u0000")),
        Dialogue("postgresql-on-its-port", "", ("\u0000\u0000\u0000\u0008\u0004\u00d2\u0016\u002f", "N")) with { Port = 5432 },
        Dialogue("memcached", "", ("set a 0 0 1\r\n1\r\n", "STORED\r\n"), ("get a\r\n", "VALUE a 0 1\r\n1\r\nEND\r\n")),
        Dialogue("kafka-like", "", ("\u0000\u0000\u0000\u000e\u0000\u0012\u0000\u0000\u0000\u0000\u0000\u0001\u0000\u0004test", "\u0000\u0000\u0000\u0006\u0000\u0000\u0000\u0001\u0000\u0000")),
        Dialogue("mongodb-like", "", ("\u0010\u0000\u0000\u0000\u0001\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u00d4\u0007\u0000\u0000", "\u0010\u0000\u0000\u0000\u0002\u0000\u0000\u0000\u0001\u0000\u0000\u0000\u0001\u0000\u0000\u0000")),
        Dialogue("amqp", "", ("AMQP\u0000\u0000\u0009\u0001", "\u0001\u0000\u0000\u0000\u0000\u0000\u0004\u0000\u000a\u0000\u000a\u00ce")),
        Dialogue("mqtt", "", ("\u0010\u000f\u0000\u0004MQTT\u0004\u0002\u0000\u003c\u0000\u0003abc", "\u0020\u0002\u0000\u0000"), ("\u00c0\u0000", "\u00d0\u0000")),
        Dialogue("zookeeper-four-letters", "", ("ruok", "imok")),
        Dialogue("dns-over-tcp", "", ("\u0000\u001d\u0012\u0034\u0001\u0000\u0000\u0001\u0000\u0000\u0000\u0000\u0000\u0000\u0007example\u0004test\u0000\u0000\u0001\u0000\u0001", "\u0000\u000c\u0012\u0034\u0081\u0080\u0000\u0001\u0000\u0000\u0000\u0000\u0000\u0000")),
        Dialogue("ldap-like", "", ("\u0030\u000c\u0002\u0001\u0001\u0060\u0007\u0002\u0001\u0003\u0004\u0000\u0080\u0000", "\u0030\u000c\u0002\u0001\u0001\u0061\u0007\u000a\u0001\u0000\u0004\u0000\u0004\u0000")),
        Dialogue("smb-like", "", ("\u0000\u0000\u0000\u0010\u00feSMB" + Noise(12), "\u0000\u0000\u0000\u0008\u00feSMB\u0000\u0000\u0000\u0000")),
        Dialogue("jdwp", "", ("JDWP-Handshake", "JDWP-Handshake")),
        new("forward-proxy-connect", CorpusProtocol.Bytes,
            [
                Talk.Send("CONNECT far.test:443 HTTP/1.1\r\nHost: far.test:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"),
                Talk.Receive("HTTP/1.1 200 Connection Established\r\nX-Proxy: p\r\n\r\n"), Talk.Send("\u0016\u0003\u0001 not really"), Talk.Receive(3), Talk.HalfClose, Talk.ReceiveToEnd,
            ],
            [
                Talk.Receive("CONNECT far.test:443 HTTP/1.1\r\nHost: far.test:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"),
                Talk.Send("HTTP/1.1 200 Connection Established\r\nX-Proxy: p\r\n\r\n"), Talk.Receive(14), Talk.Send("ok!"), Talk.ReceiveToEnd, Talk.Close,
            ]) { IsOutboundOnly = true },
        new("forward-proxy-absolute-two-hosts", CorpusProtocol.Bytes,
            [
                Talk.Send("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"), Talk.Receive(Ok),
                Talk.Send("GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n"), Talk.Receive(Ok), Talk.HalfClose, Talk.ReceiveToEnd,
            ],
            [
                Talk.Receive("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"), Talk.Send(Ok),
                Talk.Receive("GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n"), Talk.Send(Ok), Talk.ReceiveToEnd, Talk.Close,
            ]) { IsOutboundOnly = true },
    ];

    // The greeting first, if there is one, then question and answer in turn; the client ends it.
    private static CorpusMessage Dialogue(string name, string greeting, params (string Question, string Answer)[] turns) => new(
        "protocol-" + name,
        CorpusProtocol.Bytes,
        [Talk.Receive(greeting), .. turns.SelectMany(turn => new[] { Talk.Send(turn.Question), Talk.Receive(turn.Answer) }), Talk.HalfClose, Talk.ReceiveToEnd],
        [Talk.Send(greeting), .. turns.SelectMany(turn => new[] { Talk.Receive(turn.Question), Talk.Send(turn.Answer) }), Talk.ReceiveToEnd, Talk.Close]);
}
