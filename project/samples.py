"""Made-up content for the style guide (見本)."""

SECTIONS = [
    ("colours", "色"),
    ("type", "文字"),
    ("space", "余白・角・影"),
    ("icons", "アイコン"),
    ("buttons", "ボタン"),
    ("fields", "入力欄"),
    ("errors", "誤りのある入力"),
    ("filters", "絞り込み"),
    ("chips", "状態・件数"),
    ("banners", "お知らせ"),
    ("steps", "進み方"),
    ("numbers", "数字・割合"),
    ("tables", "表"),
    ("pages", "ページ送り"),
    ("empty", "何もないとき"),
    ("cards", "カード"),
    ("tabs", "タブ・パンくず"),
    ("folds", "折りたたみ・小さなメニュー"),
    ("history", "履歴"),
    ("diff", "前回との違い"),
    ("kept", "入力した内容の控え"),
    ("frame", "枠(メニュー・検索・読込中)"),
    ("alone", "単独の画面"),
    ("layout", "並べ方"),
]
FAMILIES = ("gray", "blue", "light-blue", "cyan", "green", "yellow", "orange", "red", "magenta", "purple")
ROLES = [
    ("page", "画面の地"),
    ("surface", "カード・表の地"),
    ("text", "本文"),
    ("strong", "見出し・強調"),
    ("quiet", "補足"),
    ("key", "主な操作・現在地"),
    ("key-hover", "主な操作(指したとき)"),
    ("key-active", "主な操作(押したとき)"),
    ("link", "リンク"),
    ("field-line", "入力欄の枠"),
    ("line", "区切り線"),
    ("hair", "薄い区切り線"),
    ("error", "誤り"),
]
# Where it stands, the text's token, the ground's.
PAIRS = [
    ("本文", "text", "page"),
    ("見出し・強調", "strong", "surface"),
    ("補足", "quiet", "page"),
    ("補足(灰色の行)", "quiet", "gray-50"),
    ("表の見出し", "strong", "gray-100"),
    ("リンク", "link", "surface"),
    ("リンク(指した行)", "link", "blue-50"),
    ("現在地", "key", "surface"),
    ("主なボタン", "white", "key"),
    ("取り消せない操作", "white", "red-900"),
    ("誤りの文", "error", "page"),
    ("状態・灰", "gray-800", "gray-50"),
    ("状態・青", "blue-1000", "blue-50"),
    ("状態・緑", "green-900", "green-50"),
    ("状態・黄", "yellow-1100", "yellow-50"),
    ("状態・橙", "orange-1000", "orange-50"),
    ("状態・赤", "red-1000", "red-50"),
    ("状態・紫", "purple-900", "purple-50"),
    ("追加された文字", "green-1000", "green-100"),
    ("削除された文字", "red-1200", "red-100"),
    ("焦点のリンク", "blue-1000", "yellow-300"),
]
# Name and classes of each kind of button, and how each state that only a pointer or the Tab key brings is shown.
BUTTONS = [
    ("提出する", ""),
    ("下書きを保存", "button--outline"),
    ("やめる", "button--text"),
    ("取り下げる", "button--danger"),
    ("差し戻す", "button--danger button--outline"),
]
STATES = ["", "is-hover", "is-active", "is-focus"]
PROGRESS = [("ahead", "前倒し"), ("on", "計画どおり"), ("behind", "やや遅れ"), ("late", "遅れ")]
CHIPS = [
    ("gray", "－", "未着手"),
    ("blue", "…", "確認中"),
    ("green", "✓", "承認済"),
    ("yellow", "✎", "下書き"),
    ("orange", "△", "やや遅れ"),
    ("red", "↩", "差戻し"),
    ("purple", "◇", "代決"),
]
ROWS = [
    {
        "department": "総務課",
        "title": "電子決裁の全庁展開",
        "rate": "100.0",
        "sum": "12 / 12",
        "chip": CHIPS[2],
        "tone": "green",
    },
    {
        "department": "市民課",
        "title": "窓口のオンライン申請",
        "rate": "58.4",
        "sum": "7 / 12",
        "chip": CHIPS[1],
        "tone": "yellow",
    },
    {
        "department": "保育課",
        "title": "入所選考の自動化",
        "rate": "41.7",
        "sum": "5 / 12",
        "chip": CHIPS[5],
        "tone": "red",
    },
]
STEPS = [
    {"label": "作成", "state": "done", "note": "9月18日"},
    {"label": "提出", "state": "done", "note": "9月28日"},
    {"label": "DX推進課の確認", "state": "current", "note": "10月7日まで"},
    {"label": "DX推進課長の承認", "state": ""},
]
RETURNED = [
    {"label": "作成", "state": "done"},
    {"label": "提出", "state": "error", "note": "差戻し"},
    {"label": "確認", "state": "skipped", "note": "今回は省略"},
    {"label": "承認", "state": ""},
]
TONES = [
    ("success", "提出しました"),
    ("error", "提出できません"),
    ("warning", "期限が近づいています"),
    ("info", "お知らせ"),
]
CHANGES = [
    {"label": "進捗区分", "before": "計画どおり", "after": "やや遅れ", "change": "changed"},
    {
        "label": "実施内容",
        "before": "7月に仕様を固め、8月に入札を公告した。",
        "after": "7月に仕様を固め、9月に再度の入札を公告した。応札は2者。",
        "change": "changed",
    },
    {"label": "課題", "before": "", "after": "契約が1か月遅れる見込み。", "change": "added"},
    {"label": "備考", "before": "前年度からの継続。", "after": "", "change": "removed"},
    {"label": "担当", "before": "情報政策係", "after": "情報政策係", "change": "same"},
]
KEPT = [("実施内容", "7月に仕様を固め、8月に入札を公告した。"), ("課題", "")]
