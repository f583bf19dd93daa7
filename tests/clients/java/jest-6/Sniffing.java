// Jest asks for the nodes once a second; what it then goes on with, it tells nobody. Its argument is the scheme for them, or "default".
import io.searchbox.client.AbstractJestClient;
import io.searchbox.client.JestClient;
import io.searchbox.client.JestClientFactory;
import io.searchbox.client.config.HttpClientConfig;
import io.searchbox.cluster.Health;
import java.lang.reflect.Method;
import java.util.concurrent.TimeUnit;

public class Sniffing {
  public static void main(String[] arguments) throws Exception {
    HttpClientConfig.Builder settings = new HttpClientConfig.Builder(System.getenv("ELASTICSEARCH_URL"))
        .connTimeout(10_000)
        .readTimeout(10_000)
        .discoveryEnabled(true)
        .discoveryFrequency(1, TimeUnit.SECONDS);
    if (!arguments[0].equals("default")) settings.defaultSchemeForDiscoveredNodes(arguments[0]);
    JestClientFactory factory = new JestClientFactory();
    factory.setHttpClientConfig(settings.build());
    JestClient client = factory.getObject();
    Method next = AbstractJestClient.class.getDeclaredMethod("getNextServer");
    next.setAccessible(true);
    boolean answered = false;
    String given = (String) next.invoke(client);
    String server = given;
    try {
      for (int second = 0; second < 15 && server.equals(given); second++) {
        Thread.sleep(1_000);
        server = (String) next.invoke(client);
      }
      answered = client.execute(new Health.Builder().build()).isSucceeded();
    } catch (Exception error) {
      System.out.println(error);
    }
    System.out.printf("{\"led_to\": [\"%s\"], \"answered\": %b}%n", server, answered);
    System.exit(0);
  }
}
