using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Tests.Injection;

public sealed class SettingsFileTests
{
    private static readonly InjectorSettings BuiltIn = InjectorSettings.BuiltIn("0.1.0");

    [Fact]
    public void Read_TheWholeShape_IsAccepted()
    {
        var (settings, problems) = SettingsFile.Read("settings.yaml", """
            images: { proxy: "r.example/sidecar-proxy:0.1.0", init: "r.example/sidecar-init:0.1.0", pullPolicy: IfNotPresent }
            nativeSidecar: auto
            redirectBackend: iptables
            defaults:
              skipOutboundPorts: ""
              skipInboundPorts: 9090
              skipOutboundCidrs: ""
              opaquePorts: ""
              config: ""
              logLevel: info
              cpuRequest: 25m
              memoryRequest: 32Mi
              memoryLimit: 128Mi
              interception: redirect
            environment: {}
            """, BuiltIn);

        Assert.Empty(problems);
        Assert.Equal("r.example/sidecar-init:0.1.0", settings!.InitImage);
        Assert.Equal("iptables", settings.RedirectBackend);
        Assert.Equal("9090", settings.Defaults["skipInboundPorts"]);
    }

    [Fact]
    public void Read_ManyMistakes_ReportsAllOfThemWithTheirLines()
    {
        var (settings, problems) = SettingsFile.Read("settings.yaml", """
            image: {}
            images: { proxy: "a b", pullPolicy: Sometimes }
            nativeSidecar: maybe
            defaults: { memoryLimit: lots, logLevels: info }
            environment:
              PATH: /evil
              OTEL_A: "$(HOME)"
              OTEL_B: [1]
            """, BuiltIn);

        Assert.Null(settings);
        foreach (var part in (string[])["settings.yaml:1: ", "image", "a b", "Sometimes", "maybe", "lots", "logLevels", "did you mean 'logLevel'", "PATH", "$(HOME)", "a list"])
        {
            Assert.Contains(problems, problem => problem.Contains(part, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("images: *x")]
    public void Read_NoObject_IsAProblem(string text) => Assert.Single(SettingsFile.Read("s", text, BuiltIn).Problems);

    [Theory]
    [InlineData("25m", "0.025")]
    [InlineData("0.5", "0.5")]
    [InlineData("1Ki", "1024")]
    [InlineData("2M", "2000000")]
    public void Quantity_Valid_HasItsAmount(string text, string amount) =>
        Assert.Equal(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture), Quantity.TryParse(text)!.Amount);

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1e3")]
    [InlineData("1 Mi")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("1,5")]
    [InlineData("1.2.3")]
    [InlineData("٣Mi")]
    [InlineData("9999999999999999Mi")]
    [InlineData("1Mi\n")]
    [InlineData("1Ti")]
    public void Quantity_Invalid_IsRefused(string text) => Assert.Null(Quantity.TryParse(text));
}
