using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Proxy.Errors;
using Sidecar.Proxy.Rescue;
using Sidecar.Proxy.Telemetry;

namespace Sidecar.Proxy.Tests.Rescue;

public class FailureRescueTests
{
    private readonly DefaultHttpContext _context = new();
    private readonly RequestRecord _record = new() { Method = "GET" };
    private readonly AbortedLifetime _lifetime = new();
    private readonly Response _response = new();

    public FailureRescueTests()
    {
        _context.Features.Set(_record);
        _context.Features.Set<IHttpRequestLifetimeFeature>(_lifetime);
        _context.Features.Set<IHttpResponseFeature>(_response);
        _context.Response.Body = new MemoryStream();
    }

    [Theory]
    [InlineData(ProxyError.ConnectFailed)]
    [InlineData(ProxyError.UpstreamClosed)]
    public async Task AnswerAsync_MirroredFailure_IsAResetWithAStatusForTheLog(ProxyError error)
    {
        _record.MirrorsFailures = true;

        await FailAsync(error);

        Assert.True(_lifetime.IsAborted);
        Assert.Equal(502, _context.Response.StatusCode);
        Assert.Equal(0, _context.Response.Body.Length);
        Assert.Empty(_context.Response.Headers);
    }

    [Theory]
    [InlineData(ProxyError.ConnectFailed)]
    [InlineData(ProxyError.UpstreamClosed)]
    public async Task AnswerAsync_MirroredFailureAfterTheAnswerHasBegun_IsAReset(ProxyError error)
    {
        _record.MirrorsFailures = true;
        _response.Start();

        await FailAsync(error);

        Assert.True(_lifetime.IsAborted);
        Assert.Equal(200, _context.Response.StatusCode);
    }

    [Theory]
    [InlineData(true, ProxyError.UpstreamProtocol)]
    [InlineData(true, ProxyError.Overloaded)]
    [InlineData(false, ProxyError.ConnectFailed)]
    [InlineData(false, ProxyError.UpstreamClosed)]
    public async Task AnswerAsync_OtherFailureOrWrittenRoute_IsAnswered(bool mirrors, ProxyError error)
    {
        _record.MirrorsFailures = mirrors;

        await FailAsync(error);

        Assert.False(_lifetime.IsAborted);
        Assert.Equal(ProxyErrorTable.Row(error).Status, _context.Response.StatusCode);
        Assert.Equal(ProxyErrorTable.Flag(error), _context.Response.Headers["x-sidecar-flags"]);
    }

    [Fact]
    public void Note_BodyThatTheServerRefused_IsTheCallersFault()
    {
        Rescue().Note(_context, _record, new BadHttpRequestException("too large", 413));

        Assert.Equal((ProxyError.MalformedRequest, 413, true), (_record.Failure, _record.FailureStatus, _record.ClosesConnection));
    }

    [Fact]
    public void Note_CallerIsGone_IsNoDefect()
    {
        _lifetime.RequestAborted = new CancellationToken(canceled: true);

        Rescue().Note(_context, _record, new IOException());

        Assert.Equal(ProxyError.CallerGone, _record.Failure);
    }

    [Fact]
    public void Note_AnythingElse_IsADefectThatIsTold()
    {
        Exception? told = null;

        new FailureRescue((_, exception) => told = exception).Note(_context, _record, new InvalidOperationException());

        Assert.Equal(ProxyError.InternalDefect, _record.Failure);
        Assert.IsType<InvalidOperationException>(told);
    }

    private static FailureRescue Rescue() => new((_, exception) => Assert.Fail(exception.ToString()));

    private Task FailAsync(ProxyError error)
    {
        _record.Fail(error);
        return Rescue().AnswerAsync(_context, _record);
    }

    /// <summary>Refuses what a server refuses once the head is on its way.</summary>
    private sealed class Response : HttpResponseFeature, IHttpResponseFeature
    {
        private bool _hasStarted;
        private int _status = 200;

        public override bool HasStarted => _hasStarted;

        int IHttpResponseFeature.StatusCode
        {
            get => _status;
            set => _status = _hasStarted ? throw new InvalidOperationException("The response has started.") : value;
        }

        public void Start() => _hasStarted = true;
    }
}
