using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Sidecar.Injector.Kubernetes;

/// <summary>
/// Holds a collection by list and watch: listed once, followed from there, listed again when the server no longer knows
/// the place (410) or says what cannot be understood. While the server is away the last state stays.
/// </summary>
/// <typeparam name="T">Facts about one object.</typeparam>
/// <param name="api">The API server.</param>
/// <param name="kind">What to hold.</param>
/// <param name="time">Waits, and bounds a watch.</param>
/// <param name="random">Uniform in [0, 1).</param>
/// <param name="log">Told when the server becomes unavailable and available.</param>
public sealed class ResourceWatcher<T>(ApiClient api, ResourceKind<T> kind, TimeProvider time, Func<double> random, IControlLog log)
    where T : class
{
    private const int PageSize = 100;
    private const int WatchSeconds = 300;

    // A server that keeps to the time asked for ends the watch first.
    private static readonly TimeSpan WatchGrace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthyWatch = TimeSpan.FromSeconds(20);

    private readonly Backoff _backoff = new(random);
    private ImmutableDictionary<string, T> _items = ImmutableDictionary<string, T>.Empty.WithComparers(StringComparer.Ordinal);
    private volatile bool _isSynced;
    private int? _reportedStatus;

    /// <summary>Called, on the watching thread, after <see cref="Items"/> changed.</summary>
    public Action? Changed { get; init; }

    /// <summary>Every object by name, as it was last seen. Cluster-scoped collections only, where names are unique.</summary>
    public IReadOnlyDictionary<string, T> Items => Volatile.Read(ref _items);

    /// <summary>Listed at least once.</summary>
    public bool IsSynced => _isSynced;

    /// <summary>The last refusal was 401 or 403.</summary>
    public bool IsForbidden { get; private set; }

    /// <summary>Lists and watches until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? version = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                version ??= await ListAsync(cancellationToken);
                var startedAt = time.GetTimestamp();
                var (next, isFruitful) = await WatchAsync(version, cancellationToken);
                version = next;
                if (isFruitful || time.GetElapsedTime(startedAt) >= HealthyWatch)
                {
                    _backoff.Reset();
                    continue;
                }

                // A server that ends every watch at once must not be asked in a circle.
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException e)
            {
                // Whatever it was, listing again is right; only a refused connection leaves the place as it was.
                version = e.Status == 0 && e.InnerException is HttpRequestException ? version : null;
                Report(e);
            }

            await WaitAsync(_backoff.Next(), cancellationToken);
        }
    }

    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        var listed = ImmutableDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        var version = await PagedList.ReadAsync(
            api,
            kind.Path,
            query: "",
            PageSize,
            element =>
            {
                if (NameOf(element) is { } name)
                {
                    listed[name] = kind.Read(element);
                }
            },
            cancellationToken);
        Volatile.Write(ref _items, listed.ToImmutable());
        _isSynced = true;
        Recovered();
        Changed?.Invoke();
        return version;
    }

    /// <returns>Where the next watch goes on, and whether this one brought anything.</returns>
    private async Task<(string Version, bool IsFruitful)> WatchAsync(string version, CancellationToken cancellationToken)
    {
        // By chance a little shorter: not every replica comes back in the same second.
        var seconds = WatchSeconds - (int)(random() * WatchSeconds / 4);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds) + WatchGrace, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"{kind.Path}?watch=1&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={Uri.EscapeDataString(version)}");
        using var stream = await api.WatchAsync(path, both.Token);
        Recovered();
        var isFruitful = false;
        try
        {
            while (await stream.ReadLineAsync(both.Token) is { } line)
            {
                if (Apply(line) is { } seen)
                {
                    (version, isFruitful) = (seen, true);
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The connection died without a word, or the server does not keep to the time: watch again from here.
        }

        return (version, isFruitful);
    }

    private string? Apply(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (WatchEvent.Read(document.RootElement, $"GET {kind.Path}") is not { } seen)
            {
                return null;
            }

            if (seen.Kind != WatchEventKind.Bookmark && NameOf(seen.Object) is { } name)
            {
                Set(name, seen.Kind == WatchEventKind.Present ? kind.Read(seen.Object) : null);
            }

            return seen.Version;
        }
        catch (JsonException e)
        {
            throw new ApiException(0, $"GET {kind.Path}: the watch sent a line that is no JSON", e);
        }
    }

    private void Set(string name, T? facts)
    {
        var before = _items;
        if (facts is null ? !before.ContainsKey(name) : before.TryGetValue(name, out var known) && known.Equals(facts))
        {
            return;
        }

        Volatile.Write(ref _items, facts is null ? before.Remove(name) : before.SetItem(name, facts));
        Changed?.Invoke();
    }

    private static string? NameOf(JsonElement element) => element.Member("metadata", "name").AsText();

    // Said once, not at every try: a cluster without an API server for an hour needs one line.
    private void Report(ApiException e)
    {
        IsForbidden = e.IsForbidden;
        if (e.IsGone || _reportedStatus == e.Status)
        {
            return;
        }

        _reportedStatus = e.Status;
        log.Write(
            ControlLevel.Warning,
            e.IsForbidden ? ControlEvents.ApiForbidden : ControlEvents.ApiUnavailable,
            $"{kind.Name} cannot be {(_isSynced ? "followed; what was last seen is used" : "read")}: {e.Message}");
    }

    private void Recovered()
    {
        IsForbidden = false;
        if (_reportedStatus is not null)
        {
            _reportedStatus = null;
            log.Write(ControlLevel.Info, ControlEvents.ApiAvailable, $"{kind.Name} can be read again");
        }
    }

    private async Task WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(wait, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop looks at the token.
        }
    }
}
