using System.Net;
using Sidecar.Proxy.Forwarding;

namespace Sidecar.Proxy.Tests.Forwarding;

public class ResponseFieldsTests
{
    private readonly ResponseFields _fields = new();

    [Fact]
    public void Read_FieldsOfHeadAndBody_AreListedAsTheyCame()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([1]) };
        response.Headers.TryAddWithoutValidation("x-one", "1");
        response.Headers.TryAddWithoutValidation("x-empty", "");
        response.Headers.TryAddWithoutValidation("x-two", ["1", "2"]);
        response.Content.Headers.TryAddWithoutValidation("Content-Type", "text/plain");

        _fields.Read(response);

        string[] expected = ["x-one=1", "x-empty=", "x-two=1|2", "Content-Type=text/plain"];
        Assert.Equal(expected, _fields.All.ToArray().Select(field => $"{field.Key}={string.Join('|', field.Value.ToArray())}"));
        Assert.Equal("1", _fields.Get("X-ONE"));
        Assert.Equal("1,2", _fields.Get("x-two"));
        Assert.Equal(1, _fields.Get("x-empty").Count);
        Assert.Equal(0, _fields.Get("x-none").Count);
    }

    [Fact]
    public void Read_AnotherAnswer_NothingOfTheFirstStays()
    {
        using var first = Response(fields: 100);
        using var second = Response(fields: 1);
        _fields.Read(first);
        Assert.Equal(100, _fields.All.Length);

        _fields.Read(second);

        Assert.Equal("x-0", Assert.Single(_fields.All.ToArray()).Key);
    }

    [Fact]
    public void Clear_OfNoAnswer()
    {
        using var response = Response(fields: 3);
        _fields.Read(response);

        var list = _fields.All;
        _fields.Clear();
        Assert.Equal(0, _fields.All.Length);
        Assert.All(list.ToArray(), field => Assert.Null(field.Key));

        _fields.Read(response);
        Assert.Equal(3, _fields.All.Length);
    }

    private static HttpResponseMessage Response(int fields)
    {
        var response = new HttpResponseMessage();
        for (var i = 0; i < fields; i++)
        {
            response.Headers.TryAddWithoutValidation($"x-{i}", "1");
        }

        return response;
    }
}
