using Sidecar.Configuration.Effective;

namespace Sidecar.Proxy.Upstream;

/// <summary>
/// The credentials of one cluster, read again when their files changed, so that certificates rotate without a restart.
/// Looked at when a connection is opened, at most every <see cref="CheckInterval"/>.
/// </summary>
internal sealed class TlsFiles(string clusterId, TlsConfiguration tls, TimeProvider time, IUpstreamEvents events)
{
    /// <summary>Least time between two looks at the files (5 s): a handshake costs far more than three stats.</summary>
    internal static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    private static readonly TlsCredentials None = new(null, null);

    private readonly Lock _lock = new();
    private TlsCredentials? _credentials;
    private string? _failure;
    private FileStamps _stamps;
    private long _checkedTimestamp;

    /// <summary>The credentials for a connection that is opened now.</summary>
    /// <param name="failure">Why there are none; null when there are.</param>
    public TlsCredentials? Get(out string? failure)
    {
        if (tls is { CaFile: null, ClientCertificateFile: null })
        {
            failure = null;
            return None;
        }

        lock (_lock)
        {
            var now = time.GetTimestamp();
            if ((_credentials is null && _failure is null) || time.GetElapsedTime(_checkedTimestamp, now) >= CheckInterval)
            {
                _checkedTimestamp = now;
                Refresh_NeedsLock();
            }

            failure = _credentials is null ? _failure : null;
            return _credentials;
        }
    }

    private void Refresh_NeedsLock()
    {
        var stamps = new FileStamps(Stamp.Of(tls.CaFile), Stamp.Of(tls.ClientCertificateFile), Stamp.Of(tls.ClientKeyFile));
        var isFirst = _credentials is null && _failure is null;
        if (!isFirst && stamps == _stamps)
        {
            return;
        }

        // Certificate and key are two files: caught between the two writes, the pair does not match. The old pair
        // stays then, and the second write changes a stamp again.
        _stamps = stamps;
        var problems = new List<string>();
        if (TlsCredentials.Load(tls, problems) is { } loaded)
        {
            _credentials = loaded;
            _failure = null;
            if (!isFirst)
            {
                events.TlsFilesReloaded(clusterId);
            }
        }
        else
        {
            _failure = string.Join("; ", problems);
            events.TlsFilesFailed(clusterId, _failure);
        }
    }

    private readonly record struct FileStamps(Stamp Ca, Stamp Certificate, Stamp Key);

    private readonly record struct Stamp(DateTime Written, long Length, string? Target)
    {
        public static Stamp Of(string? path)
        {
            if (path is null)
            {
                return default;
            }

            try
            {
                // A mounted Secret is a chain of symlinks that is swapped; the final target names the generation.
                var file = new FileInfo(path);
                var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
                return target.Exists ? new Stamp(target.LastWriteTimeUtc, target.Length, target.FullName) : default;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return default;
            }
        }
    }
}
