import java.nio.file.Path;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Starts one node from a configuration directory: Launch CONFIG_DIR NODE_NAME.
 *
 * The distribution's own main class is not used: it is started by another program that is not published, and its
 * bootstrap checks ask for limits that a container cannot raise.
 */
public class Launch {
    public static void main(String[] args) throws Exception {
        Path config = Path.of(args[0]);
        String name = args[1];
        LogConfigurator.setNodeName(name);
        LogConfigurator.registerErrorListener();
        Settings home = Settings.builder().put("path.home", System.getProperty("lab.home")).build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(home, Map.of(), config, () -> name);
        LogConfigurator.configure(environment, true);
        PluginsLoader plugins = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir(), false),
            PluginsLoader.loadPluginsBundles(environment.pluginsDir(), false),
            Map.of(),
            false
        );
        Node node = new Node(environment, plugins);
        Lifetime.of(node, node::start);
    }
}
