using static Sidecar.Interception.Tests.Corpus.Messages.Exchange;

namespace Sidecar.Interception.Tests.Corpus.Messages;

/// <summary>Request targets: every byte of them is the application's, whatever it means to whom.</summary>
internal static class Targets
{
    private static readonly (string Name, string Target)[] OriginForm =
    [
        ("root", "/"),
        ("plain", "/orders/1"),
        ("trailing-slash", "/orders/1/"),
        ("encoded-slash", "/a%2Fb"),
        ("encoded-slash-lower", "/a%2fb"),
        ("encoded-slash-scope", "/@scope%2fname"),
        ("twice-encoded-slash", "/a%252fb"),
        ("twice-encoded-dots", "/%252e%252e/admin"),
        ("dot-segment", "/a/./b"),
        ("dot-dot-segment", "/a/../b"),
        ("dot-dot-at-root", "/../b"),
        ("encoded-dot-dot", "/pub/%2e%2e/admin"),
        ("mixed-dot-dot", "/pub/.%2e/admin"),
        ("dot-dot-semicolon", "/pub/..;/admin"),
        ("dot-semicolon", "/pub/.;/admin"),
        ("double-slash", "/a//b"),
        ("leading-double-slash", "//a/b"),
        ("triple-slash-end", "/a///"),
        ("matrix-parameters", "/a;v=1;w=2/b;x"),
        ("encoded-letter", "/%61dmin"),
        ("encoded-tilde", "/%7Euser"),
        ("encoded-space", "/a%20b"),
        ("plus", "/a+b"),
        ("encoded-plus", "/a%2Bb"),
        ("encoded-percent", "/100%25"),
        ("encoded-question", "/a%3Fb"),
        ("encoded-hash", "/a%23b"),
        ("encoded-backslash", "/a%5cb"),
        ("encoded-utf8", "/caf%C3%A9"),
        ("encoded-utf8-lower", "/caf%c3%a9/%e2%82%ac"),
        ("encoded-overlong", "/%c0%ae%c0%ae/x"),
        ("encoded-latin1", "/caf%E9"),
        ("encoded-newline", "/a%0d%0ab"),
        ("sub-delimiters", "/!$&'()*+,;=:@-._~"),
        ("colon-first", "/:80/x"),
        ("upper-case", "/ORDERS/One"),
        ("dots-in-name", "/file.tar..gz"),
        ("three-dots", "/a/.../b"),
        ("empty-query", "/a?"),
        ("query", "/a?x=1&y=2"),
        ("query-repeated", "/a?x=1&x=2&x="),
        ("query-no-value", "/a?flag&other"),
        ("query-question", "/a?b?c"),
        ("query-slashes", "/a?next=/b/../c//d"),
        ("query-encoded", "/a?q=%2F%3f%26%3D%00x"),
        ("query-plus", "/a?q=a+b%2Bc"),
        ("query-brackets", "/a?ids[]=1&ids[]=2"),
        ("query-quotes", "/a?q='x'*(y)"),
        ("query-url", "/a?u=http://b.test:80/c?d=e"),
        ("query-semicolons", "/a?x=1;y=2"),
        ("query-pipe", "/a?q=x|y"),
        ("path-pipe-braces", "/a|b{c}"),
        ("path-quotes", "/a\"b<c>"),
        ("path-backslash", "/a\\b"),
        ("path-caret-backtick", "/a^b`c"),
        ("query-braces", "/a?filter={\"x\":1}"),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<CorpusMessage> All =>
    [
        .. OriginForm.Select(row => Get("target-" + row.Name, row.Target)),
        Get("target-long-path", "/" + new string('p', 4000)),
        Get("target-long-query", "/q?" + new string('q', 6000)),
        Get("target-many-segments", string.Concat(Enumerable.Repeat("/s", 300))),
        Of("target-asterisk-options", Request("OPTIONS", "*")),
        Absolute("target-absolute", "http://corpus.test/through/a/proxy?x=1", "Host: corpus.test"),
        Absolute("target-absolute-port", "http://corpus.test:8080/a%2fb", "Host: corpus.test:8080"),
        Absolute("target-absolute-no-path", "http://corpus.test", "Host: corpus.test"),
        Absolute("target-absolute-https", "https://corpus.test/secure", "Host: corpus.test"),
    ];

    // To a forward proxy: the interception carries it as bytes, so that it may even disagree with Host.
    private static CorpusMessage Absolute(string id, string target, string host) => Get(id, target, host) with { IsOutboundOnly = true };
}
