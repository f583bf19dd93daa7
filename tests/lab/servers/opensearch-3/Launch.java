import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.opensearch.Version;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/**
 * Starts one node from a configuration directory: Launch CONFIG_DIR NODE_NAME.
 *
 * The distribution's own main class is not used: its bootstrap checks ask for limits that a container cannot raise.
 */
public class Launch {
    static final PluginInfo NETTY = new PluginInfo("transport-netty4", "http and transport layer", "3.8.0", Version.CURRENT, "21",
        Netty4ModulePlugin.class.getName(), null, List.of(), false);

    static class LabNode extends Node {
        LabNode(Environment environment) {
            super(environment, List.of(NETTY), true);
        }
    }

    public static void main(String[] args) throws Exception {
        Path config = Path.of(args[0]);
        String name = args[1];
        LogConfigurator.setNodeName(name);
        LogConfigurator.registerErrorListener();
        Settings home = Settings.builder().put("path.home", System.getProperty("lab.home")).build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(home, Map.of(), config, () -> name);
        LogConfigurator.configure(environment);
        Node node = new LabNode(environment);
        Lifetime.of(node, node::start);
    }
}
