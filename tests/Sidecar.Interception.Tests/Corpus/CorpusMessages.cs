namespace Sidecar.Interception.Tests.Corpus;

/// <summary>Every message of the corpus. All are our own making; the tables are in <c>Messages</c>.</summary>
internal static class CorpusMessages
{
    /// <summary>All of them, table by table.</summary>
    public static IReadOnlyList<CorpusMessage> All { get; } =
    [
        .. Messages.Targets.All,
        .. Messages.RequestHeads.All,
        .. Messages.RequestBodies.All,
        .. Messages.ResponseHeads.All,
        .. Messages.ResponseBodies.All,
        .. Messages.Connections.All,
        .. Messages.Upgrades.All,
        .. Messages.Http2Exchanges.All,
        .. Messages.GrpcCalls.All,
        .. Messages.ByteStreams.All,
        .. Messages.OtherProtocols.All,
        .. Messages.TlsSessions.All,
    ];
}
