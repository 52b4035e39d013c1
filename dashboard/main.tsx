/** The page: what operators keep open. */
import { render } from 'preact'
import { App } from './app.tsx'
import { applyAppearance, readTheme, readWall } from './data/appearance.ts'
import { createLiveStore } from './data/live-store.ts'
import { reloadWhenBroken } from './data/reload.ts'
import './style/style.css'

applyAppearance(readTheme(), readWall())
reloadWhenBroken()
const store = createLiveStore()
store.start()
render(<App store={store} />, document.getElementById('page')!)
